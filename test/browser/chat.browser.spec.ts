import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Locator, Page } from 'playwright-core';
import { AppModule } from '../../src/app.module.js';
import type { ProviderName } from '../../src/message-queue/broker/broker.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { TestBrowser } from './browser.js';

const MARKUP = '<img src="x" onerror="window.hacked = 1"><script>window.hacked = 2</script>';

describe.each<ProviderName>(['memory', 'redis'])('The chat page in a browser, on %s', (provider) => {
  let browser: TestBrowser;
  let redis: TestRedis | null = null;
  let app: INestApplication;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    browser = await TestBrowser.start();
    if (provider === 'redis') redis = await TestRedis.start();
    const module = await Test.createTestingModule({
      imports: [
        AppModule.register({
          ...{ provider, environment: 'development' },
          ...(redis && { redis: { url: redis.url } }),
        }),
      ],
    }).compile();
    app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    ({ page, problems } = await browser.page());
    page.on('console', (line) => {
      if (line.type() === 'error') problems.push(line.text());
    });
    await page.goto(await app.getUrl());
    for (const user of ['ada', 'grace']) {
      await pane(user).getByRole('button', { name: 'Online' }).waitFor();
    }
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
    await redis?.stop();
    process.stdout.write(`Screenshots: ${browser.directory}\n`);
  });
  afterEach(() => {
    expect(problems.splice(0)).toEqual([]);
  });

  const pane = (user: string): Locator => page.locator(`.pane[data-user="${user}"]`);
  const bubble = (user: string, text: string): Locator => pane(user).locator('.bubble', { hasText: text });
  const ticks = (user: string, text: string, status: string): Locator =>
    bubble(user, text).locator(`.ticks.${status}`);

  async function write(user: string, text: string): Promise<void> {
    await pane(user).getByRole('textbox').fill(text);
    await pane(user).getByRole('button', { name: 'Send' }).click();
  }

  it('brings what one types to the other, and the ticks turn read', async () => {
    await write('ada', 'Good morning Grace, is the bakery open today?');
    await bubble('grace', 'is the bakery open').waitFor();
    await ticks('ada', 'is the bakery open', 'read').waitFor();
    await write('grace', 'Yes, until noon. Shall I bring you some bread?');
    await bubble('ada', 'bring you some bread').waitFor();
    await ticks('grace', 'bring you some bread', 'read').waitFor();
    expect(await bubble('ada', 'is the bakery open').count()).toBe(1);
    await browser.screenshot(page, `${provider}-conversation`);
  });

  it('keeps messages for who is offline, and delivers them in order', async () => {
    await pane('grace').getByRole('button', { name: 'Online' }).click();
    await pane('grace').getByRole('button', { name: 'Offline' }).waitFor();
    for (const n of [1, 2, 3]) {
      await write('ada', `Waiting line ${n}`);
      await ticks('ada', `Waiting line ${n}`, 'pending').waitFor();
    }
    expect(await bubble('grace', 'Waiting line').count()).toBe(0);
    await browser.screenshot(page, `${provider}-offline`);
    await pane('grace').getByRole('button', { name: 'Offline' }).click();
    await bubble('grace', 'Waiting line 3').waitFor();
    expect(await bubble('grace', 'Waiting line').locator('p').allTextContents()).toEqual([
      ...['Waiting line 1', 'Waiting line 2', 'Waiting line 3'],
    ]);
    for (const n of [1, 2, 3]) await ticks('ada', `Waiting line ${n}`, 'read').waitFor();
  });

  it('shows markup as text', async () => {
    await write('ada', MARKUP);
    await bubble('grace', 'window.hacked = 1').waitFor();
    expect(await bubble('grace', 'window.hacked = 1').locator('p').textContent()).toBe(MARKUP);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await page.locator('img').count()).toBe(0);
  });

  it('finds what was said', async () => {
    await page.getByLabel('Search messages').fill('bakery');
    const hit = page.locator('.hit', { hasText: 'is the bakery open today?' });
    await hit.waitFor();
    expect(await hit.locator('mark').allTextContents()).toEqual(['bakery']);
    await hit.getByRole('button').click();
    await pane('ada').locator('.bubble.revealed', { hasText: 'bakery' }).waitFor();
    await page.getByLabel('Search messages').fill('nobody said this');
    await page.getByText('Nothing found.').waitFor();
    await page.getByLabel('Search messages').fill('bakery');
    await hit.waitFor();
  });

  it('shows the progress of an announcement, which reaches both', async () => {
    await page.getByLabel('Announcement', { exact: true }).fill('The bridge is closed until Sunday.');
    await page.getByRole('button', { name: 'Announce' }).click();
    const counts = page.locator('#announcement-counts');
    const percentage = async (): Promise<number> => parseInt((await counts.textContent()) ?? '', 10);
    const under = await waitUntil(async () => {
      const now = await percentage();
      return now > 0 && now < 100 && now;
    }, 'the announcement to be under way');
    await browser.screenshot(page, `${provider}-announcement`);
    for (const user of ['ada', 'grace']) await bubble(user, 'The bridge is closed').waitFor();
    await waitUntil(async () => (await counts.textContent())?.includes('2 read'), 'both to have read it');
    await waitUntil(async () => (await percentage()) === 100, 'the announcement to be complete');
    expect(under).toBeLessThan(100);
    expect(await counts.textContent()).toContain('200 of 200 handed on, 2 arrived, 2 read');
    await browser.screenshot(page, `${provider}-announced`);
  });

  it('shows the counts of all queues, and leads to the board', async () => {
    const row = page.locator('#queue-rows tr', { hasText: 'message-delivery' });
    await waitUntil(
      async () => Number(await row.locator('td').nth(3).textContent()) > 200,
      'the counts to say what was delivered',
    );
    expect(await page.locator('#queue-rows tr').count()).toBe(14);
    const board = await page.getByRole('link', { name: 'Open Bull Board' }).getAttribute('href');
    expect(board).toBe('/admin/queues');
  });

  it('shows the conversation again after a reload', async () => {
    await page.reload();
    await bubble('grace', 'is the bakery open').waitFor();
    await ticks('ada', 'is the bakery open', 'read').waitFor();
    await browser.screenshot(page, `${provider}-reloaded`);
  });
});
