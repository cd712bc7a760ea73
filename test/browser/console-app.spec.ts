import type { Page } from 'playwright-core';
import type { ProviderName } from '../../src/message-queue/broker/broker.js';
import { MessageQueueService } from '../../src/message-queue/message-queue.service.js';
import { usersAccess } from '../../src/message-queue/operations/access/sign-in/users.js';
import { NOTES, RestApp } from '../e2e/rest/rest.fixture.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { TestBrowser } from './browser.js';

const PLACES = ['', 'dead-letters', 'jobs', 'schedules', 'workers', 'alerts', 'audit', 'queues/notes'];
const MARKUP = '<img src=x onerror="window.hacked=1">';

describe.each<ProviderName>(['memory', 'redis'])('The console of an app on %s', (provider) => {
  let browser: TestBrowser;
  let redis: TestRedis | null;
  let app: RestApp;
  let service: MessageQueueService;

  beforeAll(async () => {
    browser = await TestBrowser.start();
    redis = provider === 'redis' ? await TestRedis.start() : null;
    app = await RestApp.start(provider, redis);
    service = app.app.get(MessageQueueService);
    await app.deadNotes(27, `no route to ${MARKUP}`);
    await service.enqueue(NOTES, 'write', { text: 'fine' });
    await service.enqueue(NOTES, 'print', { text: 'later' }, { delay: 3_600_000 });
    await service.schedules.upsert(NOTES, 'print', { text: 'again' }, { key: 'nightly', cron: '0 2 * * *' });
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
    await redis?.stop();
    process.stdout.write(`Screenshots: ${browser.directory}\n`);
  });

  async function open(place: string): Promise<{ page: Page; problems: string[] }> {
    const { page, problems } = await browser.page();
    page.setDefaultTimeout(15_000);
    page.on('console', (message) => {
      const isAnswer = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isAnswer) problems.push(message.text());
    });
    await page.goto(`${app.url}/admin/console#/${place}`);
    await page.locator('main section').first().waitFor();
    return { page, problems };
  }
  const says = (page: Page, text: string | RegExp): Promise<void> =>
    page.getByRole('status').getByText(text).waitFor();

  it('shows every tab', async () => {
    const { page, problems } = await open('');
    const row = page.getByRole('row', { name: 'notes' }).first();
    await row.waitFor();
    await page.getByText('all 27 read').waitFor();
    await page.getByRole('row', { name: 'nightly' }).waitFor();
    for (const place of PLACES) {
      await page.evaluate(`location.hash = ${JSON.stringify(`#/${place}`)}`);
      await page.locator('main:not(:has-text("Reading "))').waitFor();
      const text = await page.locator('body').innerText();
      expect(text).not.toMatch(/NaN|undefined|Infinity|\[object|null/);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
      await browser.screenshot(page, `${provider}-${place.replace('/', '-') || 'overview'}`);
    }
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(problems).toEqual([]);
    await page.close();
  });

  it('replays what was previewed: 27, and one more failed meanwhile', async () => {
    const { page } = await open('dead-letters?queue=notes&error=no route');
    await page.getByRole('button', { name: 'Preview replay' }).click();
    await page.getByText('27 letters would be put back to waiting').waitFor();
    await browser.screenshot(page, `${provider}-plan`);
    await app.deadNotes(1, `no route to ${MARKUP}`);
    await page.getByLabel('Reason for the audit log').fill('SMTP relay restored, INC-2231');
    await page.getByRole('button', { name: 'Replay 27 letters' }).click();
    await says(page, '27 letters were put back to waiting.');
    expect(page.url()).toMatch(/queue=notes&error=no/);
    await page.evaluate(`location.hash = '#/audit'`);
    await page.getByRole('row', { name: 'replay' }).getByText('27').first().waitFor();
    await page.close();
  });

  it('tells the story of a job, and retries it', async () => {
    const { page, problems } = await open('jobs?queue=notes&state=failed');
    await page.getByRole('rowheader').getByRole('link').first().click();
    await page.getByRole('heading', { name: 'Attempts' }).waitFor();
    await page.getByRole('row', { name: /^1/ }).getByText(MARKUP).first().waitFor();
    await page.getByLabel('Payload', { exact: true }).getByText('"fails"').waitFor();
    await browser.screenshot(page, `${provider}-job`);
    await page.getByRole('button', { name: /^Retry/ }).click();
    await says(page, 'was put back to waiting.');
    await page
      .getByText('by')
      .or(page.getByRole('heading', { name: 'Replays' }))
      .first()
      .waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  it('pauses, resumes and purges a queue', async () => {
    const { page } = await open('queues/notes');
    await page.getByRole('button', { name: 'Pause notes' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await says(page, 'notes is paused');
    expect(await app.queue().isPaused()).toBe(true);
    await service.enqueue(NOTES, 'write', { text: 'waits' });
    await page.getByRole('button', { name: 'Purge notes' }).click();
    await page.getByLabel('Reason for the audit').fill('sent twice');
    await page.getByRole('dialog').getByRole('button', { name: 'Purge notes' }).click();
    await says(page, /jobs? of notes (was|were) removed/);
    expect(await app.queue().getWaitingCount()).toBe(0);
    await page.getByRole('button', { name: 'Resume notes' }).click();
    await says(page, 'notes goes on.');
    expect(await app.queue().isPaused()).toBe(false);
    await page.close();
  });

  it('runs a schedule now, pauses it and lets it go on', async () => {
    const { page } = await open('schedules');
    const before = await app.queue().getCompletedCount();
    await page.getByRole('button', { name: 'Run nightly of notes now' }).click();
    await says(page, 'nightly was added to notes for now');
    await waitUntil(async () => (await app.queue().getCompletedCount()) > before, 'the run to be done');
    await page.getByRole('button', { name: 'Pause nightly of notes' }).click();
    await says(page, 'nightly of notes is paused');
    await page.getByRole('button', { name: 'Resume nightly of notes' }).click();
    await says(page, 'nightly of notes goes on.');
    await page.close();
  });
});

describe('The console in production', () => {
  let browser: TestBrowser;
  let app: RestApp;

  beforeAll(async () => {
    browser = await TestBrowser.start();
    app = await RestApp.start('memory', null, {
      environment: 'production',
      operations: {
        access: usersAccess({ operators: 'ann:correct horse 1', viewers: 'ben:battery staple' }),
      },
    });
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
  });

  it.each([
    ['ann', 'correct horse 1', 'operator', 1],
    ['ben', 'battery staple', 'viewer', 0],
  ])('asks for a password, and knows %s', async (username, password, role, buttons) => {
    const { page, problems } = await browser.page({ httpCredentials: { username, password } });
    await page.goto(`${app.url}/admin/console#/queues/notes`);
    await page.getByText(`${username} · ${role}`).waitFor();
    await page.getByRole('heading', { name: 'notes' }).waitFor();
    expect(await page.getByRole('button', { name: 'Purge notes' }).count()).toBe(buttons);
    await browser.screenshot(page, `production-${role}`);
    expect(problems.filter((problem) => !problem.startsWith('401'))).toEqual([]);
    await page.close();
  });

  it('is closed to everybody else', async () => {
    const answer = await app.fetch('/admin/console');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
    expect(await answer.text()).not.toContain('rest-address');
  });
});
