import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { MessageStore } from '../../src/message-queue/ports/index.js';
import type { ProviderName } from '../../src/message-queue/index.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { TestBrowser } from './browser.js';
import { ChatPage } from './chat-page.js';
import { startChatServer } from './chat-server.js';

const MARKUP = '<img src="x" onerror="window.hacked = 1"><script>window.hacked = 2</script>';
const LONG_WORD = 'Donaudampfschiff'.repeat(20);
const RIGHT_TO_LEFT = 'שלום Ada, مرحبا';

describe.each<ProviderName>(['memory', 'redis'])('The chat page in a browser, on %s', (provider) => {
  let browser: TestBrowser;
  let redis: TestRedis | null = null;
  let app: INestApplication;
  let url: string;
  let chat: ChatPage;
  let problems: string[];

  beforeAll(async () => {
    browser = await TestBrowser.start();
    if (provider === 'redis') redis = await TestRedis.start();
    const shared = redis && { redis: { url: redis.url }, databaseUrl: join(browser.directory, 'chat.db') };
    app = await startChatServer({ provider, ...shared });
    url = await app.getUrl();
    const opened = await browser.page();
    problems = opened.problems;
    chat = await new ChatPage(opened.page).open(url);
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

  const shoot = (name: string): Promise<string> => browser.screenshot(chat.page, `${provider}-${name}`);

  it('brings what one types to the other, and the ticks turn read', async () => {
    await chat.write('ada', 'Good morning Grace, is the bakery open today?');
    await chat.bubble('grace', 'is the bakery open').waitFor();
    await chat.ticks('ada', 'is the bakery open', 'read').waitFor();
    await chat.write('grace', 'Yes, until noon. Shall I bring you some bread?');
    await chat.bubble('ada', 'bring you some bread').waitFor();
    await chat.ticks('grace', 'bring you some bread', 'read').waitFor();
    expect(await chat.bubble('ada', 'is the bakery open').count()).toBe(1);
    await shoot('conversation');
  });

  it('takes a message back on both sides, and shows that it did', async () => {
    await chat.write('ada', 'The key is under the red flowerpot.');
    await chat.ticks('ada', 'red flowerpot', 'read').waitFor();
    await chat.recall('ada', 'red flowerpot');
    for (const user of ['ada', 'grace']) await chat.bubble(user, 'Message recalled').waitFor();
    for (const user of ['ada', 'grace']) expect(await chat.bubble(user, 'red flowerpot').count()).toBe(0);
    expect(await chat.bubble('ada', 'Message recalled').getByRole('button').count()).toBe(0);
    await shoot('recalled');
  });

  it('asks before it takes a message back, and says why it could not', async () => {
    await chat.write('ada', 'The bakery has moved.');
    await chat.ticks('ada', 'bakery has moved', 'read').waitFor();
    const sent = chat.bubble('ada', 'bakery has moved');
    await sent.getByRole('button', { name: 'Recall', exact: true }).click();
    await sent.getByRole('button', { name: 'Recall for everyone?' }).waitFor();
    await shoot('recall-asked');
    await chat.page.getByLabel('Messages of Ada').focus();
    await sent.getByRole('button', { name: 'Recall', exact: true }).waitFor();

    const address = '**/api/messages/*';
    const json = { message: 'The audit is away.' };
    await chat.page.route(address, (route) => route.fulfill({ status: 503, json }));
    await chat.recall('ada', 'bakery has moved');
    await sent.getByText('Not recalled: The audit is away.').waitFor();
    expect(problems.splice(0)).toEqual([expect.stringMatching(/^503 /)]);
    await shoot('recall-refused');
    await chat.page.unroute(address);
    await chat.recall('ada', 'bakery has moved');
    await chat.bubble('grace', 'bakery has moved').waitFor({ state: 'detached' });
    expect(await chat.page.getByText('Not recalled').count()).toBe(0);
  });

  it('takes back an older message with the keyboard alone', async () => {
    for (const text of ['Bring two loaves', 'And some butter']) {
      await chat.write('ada', text);
      await chat.ticks('ada', text, 'read').waitFor();
    }
    await chat.page.getByLabel('Messages of Ada').focus();
    for (const key of ['Enter', 'ArrowUp', 'Enter', 'Enter']) await chat.page.keyboard.press(key);
    await chat.bubble('grace', 'Bring two loaves').waitFor({ state: 'detached' });
    expect(await chat.bubble('grace', 'And some butter').count()).toBe(1);
  });

  it('can be used with the keyboard alone', async () => {
    const { keyboard } = chat.page;
    const focused = (): Promise<string | null> =>
      chat.page.evaluate<string | null>(
        'document.activeElement.ariaLabel ?? document.activeElement.textContent',
      );
    await chat.page.getByRole('link', { name: 'Open Bull Board' }).focus();
    const visited: (string | null)[] = [];
    for (let n = 0; n < 3; n += 1) {
      await keyboard.press('Tab');
      visited.push(await focused());
    }
    expect(visited).toEqual(['Go offline', 'Messages of Ada', 'Message from Ada']);
    await keyboard.type('Typed without a mouse');
    await keyboard.press('Enter');
    await chat.ticks('ada', 'Typed without a mouse', 'read').waitFor();
    expect(await focused()).toBe('Message from Ada');
  });

  it('keeps messages for who is offline, and delivers them in order', async () => {
    await chat.go('grace', 'offline');
    for (const n of [1, 2, 3]) {
      await chat.write('ada', `Waiting line ${n}`);
      await chat.ticks('ada', `Waiting line ${n}`, 'pending').waitFor();
    }
    expect(await chat.bubble('grace', 'Waiting line').count()).toBe(0);
    await shoot('offline');
    await chat.go('grace', 'online');
    await chat.bubble('grace', 'Waiting line 3').waitFor();
    expect(await chat.texts('grace', 'Waiting line')).toEqual([1, 2, 3].map((n) => `Waiting line ${n}`));
    for (const n of [1, 2, 3]) await chat.ticks('ada', `Waiting line ${n}`, 'read').waitFor();
  });

  it('keeps what is written offline over a reload, and sends it in order', async () => {
    await chat.go('grace', 'offline');
    for (const n of [1, 2, 3]) await chat.write('grace', `Written offline ${n}`);
    expect(await chat.bubble('grace', 'Written offline').locator('.ticks.unsent').count()).toBe(3);
    await shoot('unsent');
    await chat.reload();
    await chat.bubble('ada', 'Written offline 3').waitFor();
    for (const user of ['ada', 'grace']) {
      expect(await chat.texts(user, 'Written offline')).toEqual([1, 2, 3].map((n) => `Written offline ${n}`));
    }
    for (const n of [1, 2, 3]) await chat.ticks('grace', `Written offline ${n}`, 'read').waitFor();
  });

  it.each([
    ['markup', MARKUP],
    ['text from right to left', RIGHT_TO_LEFT],
    ['a word that fits no line', LONG_WORD],
    ['an emoji of many parts', '👩‍👩‍👧‍👦 Ça va?'],
  ])('shows %s as it was typed', async (name, text) => {
    await chat.write('ada', text);
    await chat.bubble('grace', text).waitFor();
    expect(await chat.texts('grace', text)).toEqual([text]);
    expect(await chat.page.evaluate('window.hacked')).toBeUndefined();
    expect(await chat.page.locator('img').count()).toBe(0);
    const overflow = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
    expect(await chat.page.evaluate(overflow)).toBe(false);
  });

  it('finds what was said', async () => {
    await chat.search.fill('bakery');
    const hit = chat.hits.filter({ hasText: 'is the bakery open today?' });
    await hit.waitFor();
    expect(await hit.locator('mark').allTextContents()).toEqual(['bakery']);
    await hit.getByRole('button').click();
    await chat.pane('ada').locator('.bubble.revealed', { hasText: 'bakery' }).waitFor();
    // Markup that somebody typed is text: it is found, and shown as it was typed.
    await chat.search.fill('<script>');
    await chat.hits.filter({ hasText: '<script>' }).waitFor();
    expect(await chat.page.evaluate('window.hacked')).toBeUndefined();
    for (const hostile of ['nobody said this', "' OR 1=1 --", '*']) {
      await chat.search.fill(hostile);
      await chat.page.getByText('Nothing found.').waitFor();
      await chat.search.fill('مرحبا');
      await chat.hits.filter({ hasText: RIGHT_TO_LEFT }).waitFor();
    }
    await shoot('search');
  });

  it('shows the progress of an announcement, which reaches both', async () => {
    await chat.announcement.fill('The bridge is closed until Sunday.');
    await chat.page.getByRole('button', { name: 'Announce' }).click();
    const percentage = async (): Promise<number> => parseInt((await chat.counts.textContent()) ?? '', 10);
    await waitUntil(async () => {
      const now = await percentage();
      return now > 0 && now < 100;
    }, 'the announcement to be under way');
    await shoot('announcement');
    // The search has scrolled both up: nobody has read what came since.
    for (const user of ['ada', 'grace']) {
      await chat.bubble(user, 'The bridge is closed').waitFor();
      await chat.pane(user).getByRole('button', { name: 'New messages' }).click();
    }
    await chat.page.getByText('Sent to everyone').waitFor();
    await waitUntil(
      async () => (await chat.counts.textContent()) === '100 %: 200 of 200 handed on, 2 arrived, 2 read',
      'both to have read it',
    );
    await shoot('announced');
    await chat.search.fill('bridge');
    await chat.hits.filter({ hasText: 'The bridge is closed' }).getByRole('button').click();
    await chat.pane('grace').locator('.announcement.revealed').waitFor();
  });

  it('stops an announcement that is cancelled', async () => {
    await chat.announcement.fill('Never mind the bridge.');
    await chat.page.getByRole('button', { name: 'Announce' }).click();
    await chat.bubble('grace', 'Never mind').waitFor();
    await chat.page.getByRole('button', { name: 'Cancel' }).click();
    await chat.page.getByText('Cancelled', { exact: true }).waitFor();
    expect(parseInt((await chat.counts.textContent()) ?? '', 10)).toBeLessThan(100);
    await shoot('cancelled');
  });

  it('shows the counts of all queues, and leads to the board', async () => {
    const row = chat.page.locator('tr.counts', { hasText: 'message-delivery' });
    await waitUntil(
      async () => Number(await row.locator('td').nth(3).textContent()) > 200,
      'the counts to say what was delivered',
    );
    expect(await chat.page.locator('tr.counts').count()).toBe(14);
    const board = await chat.page.getByRole('link', { name: 'Open Bull Board' }).getAttribute('href');
    expect(board).toBe('/admin/queues');
  });

  it('says what each queue is for', async () => {
    const purposes = await chat.page.locator('td.purpose').allTextContents();
    expect(purposes).toHaveLength(14);
    expect(purposes).toContain('Sends one message to many recipients, chunk by chunk.');
    expect(purposes).toContain('Messages to be checked before an agent sees them.');
  });

  it('shows all of it again after a reload, and in a second tab', async () => {
    const before = { ada: await chat.shown('ada'), grace: await chat.shown('grace') };
    expect(before.ada.filter((text) => text.includes('Announcement'))).toHaveLength(2);
    await chat.reload();
    const other = await new ChatPage((await browser.page()).page).open(url);
    for (const tab of [chat, other]) {
      await waitUntil(async () => (await tab.shown('ada')).length === before.ada.length, "Ada's messages");
      await waitUntil(async () => (await tab.shown('grace')).length === before.grace.length, "Grace's");
      expect({ ada: await tab.shown('ada'), grace: await tab.shown('grace') }).toEqual(before);
      await tab.page.getByText('Cancelled', { exact: true }).waitFor();
    }
    await shoot('reloaded');
    await chat.go('grace', 'offline');
    await other.go('grace', 'offline');
    await chat.write('ada', 'Said in the first tab');
    await other.ticks('ada', 'Said in the first tab', 'pending').waitFor();
    await other.go('grace', 'online');
    for (const tab of [chat, other]) await tab.ticks('ada', 'Said in the first tab', 'read').waitFor();
    await other.page.close();
    await chat.go('grace', 'online');
    await chat.bubble('grace', 'Said in the first tab').waitFor();
  });

  it('shows older messages when they are asked for or found', async () => {
    const store = app.get(MessageStore, { strict: false });
    const signal = AbortSignal.timeout(10_000);
    const old = { recipientId: 'grace', senderId: 'ada', conversationId: 'c1', encrypted: false };
    for (let n = 1; n <= 120; n += 1) {
      const message = {
        ...old,
        messageId: `old-${n}`,
        content: `Old line ${n}.`,
        attachments: [],
        batchId: null,
      };
      await store.save({ ...message, createdAt: new Date(1_000 * n) }, signal);
    }
    await chat.reload();
    await chat.bubble('ada', 'Old line 120.').waitFor();
    expect(await chat.bubble('ada', 'Old line 1.').count()).toBe(0);
    await chat.pane('ada').getByRole('button', { name: 'Earlier messages' }).click();
    await chat.bubble('ada', 'Old line 1.').waitFor();
    expect(await chat.texts('ada', 'Old line')).toEqual(
      Array.from({ length: 120 }, (_, n) => `Old line ${n + 1}.`),
    );
  });

  it.each([
    ['desktop', 1280, 800],
    ['phone', 390, 844],
  ])('is readable on a %s, light and dark', async (device, width, height) => {
    await chat.page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark'] as const) {
      await chat.page.emulateMedia({ colorScheme });
      await shoot(`${device}-${colorScheme}`);
      const overflow = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
      expect(await chat.page.evaluate(overflow)).toBe(false);
    }
  });
});
