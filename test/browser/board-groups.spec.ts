import type { Page } from 'playwright-core';
import { MessageQueueService } from '../../src/message-queue/message-queue.service.js';
import { BoardApp } from '../e2e/board.fixture.js';
import { LetterProcessor, LETTERS, LETTERS_APP } from '../support/groups-host.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { TestBrowser } from './browser.js';

const MARKUP = '<img src="x" onerror="window.hacked = 1">';
const TORN = ['c-1042', 'c-77', '7c9e6679-7425-40de-944b-e07fc1f90ae7'];

describe('The page of groups in a browser', () => {
  let browser: TestBrowser;
  let redis: TestRedis;
  let app: BoardApp;
  let service: MessageQueueService;
  let letters: LetterProcessor;
  const add = (text: string, key: string, tenant?: string) =>
    service.enqueue(LETTERS, 'post', { text }, { key, ...(tenant !== undefined && { tenant }) });

  beforeAll(async () => {
    browser = await TestBrowser.start();
    redis = await TestRedis.start();
    app = await BoardApp.start('redis', redis, LETTERS_APP);
    service = app.app.get(MessageQueueService);
    letters = app.app.get(LetterProcessor, { strict: false });
    for (const key of TORN) {
      await add('torn', key);
      for (let n = 0; n < 3; n++) await add(`next of ${key}`, key);
    }
    for (let n = 0; n < 7; n++) await add('held', `busy-${n}`, 'acme');
    await service.groups.pause(LETTERS, { key: 'c-900' }, `abuse report: ${MARKUP}`);
    await add('waits', 'c-900');
    await waitUntil(
      async () => (await service.groups.list(LETTERS, { state: 'parked' })).groups.length === TORN.length,
      'the keys to stand still',
    );
  });
  afterAll(async () => {
    letters.release();
    await browser.close();
    await app.close();
    await redis.stop();
    process.stdout.write(`Screenshots: ${browser.directory}\n`);
  });

  async function open(path: string, says: string): Promise<{ page: Page; problems: string[] }> {
    const opened = await browser.page();
    await opened.page.goto(`${app.url}/admin/queues${path}`);
    await opened.page.getByText(says).first().waitFor();
    return opened;
  }
  const row = (page: Page, id: string) => page.getByRole('row', { name: id });

  it('is in the menu of the board, and leads back', async () => {
    const { page, problems } = await open('/', 'letters');
    await page.getByRole('banner').getByRole('button').last().click();
    await browser.screenshot(page, 'menu');
    await page.getByText('Groups', { exact: true }).click();
    await page.waitForURL('**/groups/letters');
    await page.getByText('Keys that stand still').waitFor();
    await page.getByRole('link', { name: 'Back to the board' }).click();
    await page.waitForURL('**/admin/queues/');
    expect(problems).toEqual([]);
    await page.close();
  });

  it('shows what stands still first, and why', async () => {
    const { page, problems } = await open('/groups/letters', 'Parked');
    for (const key of TORN) expect(await row(page, key).innerText()).toMatch(/Parked for \d+ s by m_/);
    await browser.screenshot(page, 'groups-parked');
    await page.setViewportSize({ width: 400, height: 800 });
    const isWider = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
    expect(await page.evaluate(isWider)).toBe(false);
    await browser.screenshot(page, 'groups-phone');
    expect(problems).toEqual([]);
    await page.close();
  });

  it('replays the job for which a key stands still, and discards one only when asked twice', async () => {
    const { page, problems } = await open('/groups/letters', 'Parked');
    letters.isMended = true;
    await row(page, 'c-1042').getByRole('button', { name: 'Replay' }).click();
    await page.getByRole('status').getByText('The key c-1042 goes on').waitFor();
    expect(await row(page, 'c-1042').count()).toBe(0);
    await waitUntil(() => letters.posted.includes('next of c-1042'), 'the key to go on');

    expect(await row(page, 'c-77').getByRole('button', { name: 'Discard the job' }).isVisible()).toBe(false);
    await row(page, 'c-77').getByText('Discard…').click();
    await browser.screenshot(page, 'groups-discard');
    await row(page, 'c-77').getByRole('button', { name: 'Discard the job' }).click();
    await page.getByRole('status').getByText('The key c-77 goes on without its job').waitFor();
    await waitUntil(() => letters.posted.includes('next of c-77'), 'the next of the key to run');
    expect(letters.posted.filter((text) => text === 'torn')).toHaveLength(1);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('finds a group that has no jobs yet, pauses it for a reason, and resumes it', async () => {
    const { page, problems } = await open('/groups/letters?state=holding', 'acme');
    await browser.screenshot(page, 'groups-holding');
    await page.getByLabel('Kind of group').selectOption('tenant');
    await page.getByLabel('Find a group').fill('globex');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByText('Nothing holds it up').waitFor();
    await page.getByText('Pause…').click();
    await page.getByRole('button', { name: 'Pause' }).click();
    expect(await page.locator('input:invalid').count()).toBe(1);
    await page.getByLabel('Why').fill('Their database is being moved.');
    await browser.screenshot(page, 'groups-pause');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('status').getByText('The tenant globex is paused').waitFor();
    await browser.screenshot(page, 'groups-one');
    expect(await row(page, 'globex').innerText()).toContain('Their database is being moved.');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('status').getByText('The tenant globex goes on').waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  it('shows markup in a reason as text', async () => {
    const { page, problems } = await open('/groups/letters?state=paused', 'abuse report');
    expect(await row(page, 'c-900').innerText()).toContain(MARKUP);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    await page.emulateMedia({ colorScheme: 'dark' });
    await browser.screenshot(page, 'groups-dark');
    expect(problems).toEqual([]);
    await page.close();
  });
});
