import type { Page } from 'playwright-core';
import type { ProviderName } from '../../src/message-queue/broker/broker.js';
import { MessageQueueService } from '../../src/message-queue/message-queue.service.js';
import { DeadLetterService } from '../../src/message-queue/dead-letter/dead-letter.service.js';
import { BoardApp } from '../e2e/board.fixture.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { TestBrowser } from './browser.js';

const PROVIDERS: readonly ProviderName[] = ['memory', 'redis'];
const MARKUP = '<img src="x" onerror="window.hacked = 1"><script>window.hacked = 2</script>';

/** What a page says, without ids, times and durations. */
async function textOf(page: Page): Promise<string> {
  const text = await page.locator('body').innerText();
  return (
    text
      .replace(/m_[\w-]{16}/g, 'ID')
      .replace(/\b\d{13}\b/g, 'TIME')
      .replace(/\b\d{1,2}:\d{2}(:\d{2})?( [AP]M)?/g, 'TIME')
      .replace(/\b\d+(\.\d+)? ?(ms|s|milliseconds?|seconds?|minutes?)\b/g, 'TIME')
      .replace(/(less than a|a few|about a)? ?(second|seconds|minute) ago/g, 'TIME')
      .replace(/[ \t]+/g, ' ')
      // The frames of a stack name the provider's files.
      .replace(/^ ?at .*\n?/gm, '')
  );
}

describe('The board in a browser', () => {
  let browser: TestBrowser;
  let redis: TestRedis;
  const apps = new Map<ProviderName, BoardApp>();
  const failed = new Map<ProviderName, string>();
  const appOf = (provider: ProviderName): BoardApp => {
    const app = apps.get(provider);
    if (!app) throw new Error(`There is no app on ${provider}.`);
    return app;
  };

  beforeAll(async () => {
    browser = await TestBrowser.start();
    redis = await TestRedis.start();
    for (const provider of PROVIDERS) {
      const app = await BoardApp.start(provider, provider === 'redis' ? redis : null);
      apps.set(provider, app);
      failed.set(provider, await app.deadLetter({ content: MARKUP, recipientId: 'ann' }));
      await app.queue('message-notification').add('send-notification', {}, { delay: 3_600_000 });
      await app.queue('message-indexing').pause();
      await app.queue('message-indexing').add('index-message', { messageId: 'm1' });
    }
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([...apps.values()].map((app) => app.close()));
    await redis.stop();
    process.stdout.write(`Screenshots: ${browser.directory}\n`);
  });

  /** Opens a page of the board and waits until it says something. */
  async function open(provider: ProviderName, path: string, says: string | RegExp) {
    const opened = await browser.page();
    await opened.page.goto(`${appOf(provider).url}/admin/queues${path}`);
    await opened.page.getByText(says).first().waitFor();
    return opened;
  }

  it.each(PROVIDERS)('shows all queues on %s', async (provider) => {
    const { page, problems } = await open(provider, '/', 'message-delivery');
    await page.getByText('1 Job').first().waitFor();
    const text = await page.locator('body').innerText();
    for (const name of ['delivery', 'notification', 'indexing', 'encryption', 'cleanup']) {
      expect(text).toContain(`message-${name}`);
    }
    expect(text).toContain('batch-message-sending');
    await browser.screenshot(page, `${provider}-overview`);
    expect(problems).toEqual([]);
    await page.close();
  });

  it.each(PROVIDERS)('shows markup in a payload on %s as text, and does not run it', async (provider) => {
    const id = failed.get(provider) ?? '';
    const { page, problems } = await open(
      provider,
      `/queue/message-delivery/${id}?status=failed`,
      'Added at',
    );
    await page.getByRole('tab', { name: 'Data' }).click();
    await page.getByText('onerror').first().waitFor();
    expect(await page.locator('body').innerText()).toContain('<script>window.hacked = 2</script>');
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    await browser.screenshot(page, `${provider}-job`);
    expect(problems).toEqual([]);
    await page.close();
  });

  it.each([
    ['overview', '/', 'message-delivery'],
    ['failed jobs', '/queue/message-delivery?status=failed', 'InvalidPayloadError'],
    ['delayed jobs', '/queue/message-notification?status=delayed', 'send-notification'],
    ['paused queue', '/queue/message-indexing?status=paused', 'index-message'],
    ['job', '/queue/message-delivery/ID?status=failed', 'Added at'],
  ])('has the same text on both providers: %s', async (name, path, says) => {
    const texts = await Promise.all(
      PROVIDERS.map(async (provider) => {
        const { page } = await open(provider, path.replace('ID', failed.get(provider) ?? ''), says);
        if (name === 'job') await page.getByRole('tab', { name: 'Data' }).click();
        await page.waitForLoadState('networkidle');
        // The queues come after the frame.
        const text = await waitUntil(async () => {
          const shown = await textOf(page);
          return shown.length > 200 ? shown : null;
        }, 'the page to be filled');
        await browser.screenshot(page, `${provider}-${name.replace(' ', '-')}`);
        await page.close();
        return text;
      }),
    );
    expect(texts[1]).toBe(texts[0]);
  });

  it.each(PROVIDERS)('lets a failed job be opened and retried on %s', async (provider) => {
    const app = appOf(provider);
    const id = await app.deadLetter({ content: 'retry me' });
    const { page, problems } = await open(provider, '/queue/message-delivery?status=failed', id);
    await page.getByText(id).first().click();
    await page.waitForURL(new RegExp(`/queue/message-delivery/${id}`));
    await page.getByRole('tab', { name: 'Data' }).click();
    await page.getByText('retry me').first().waitFor();
    // The first of the job's buttons, which have pictures instead of names.
    await page.getByRole('main').getByRole('button').first().click();
    await page.getByText('Are you sure that you want to retry this job?').waitFor();
    await browser.screenshot(page, `${provider}-retry`);
    await page.getByRole('button', { name: 'Confirm' }).click();
    const deadLetters = app.app.get(DeadLetterService, { strict: false });
    await waitUntil(
      async () =>
        (await deadLetters.get('message-delivery', id).catch(() => null))?.replays[0]?.by === 'board',
      'the retry to have run',
    );
    expect(problems).toEqual([]);
    await page.close();
  });

  it('reveals a sealed job, from the link on the board to its content, and runs none of it', async () => {
    const board = { principal: () => ({ id: 'ada', rights: ['reveal' as const] }) };
    const app = await BoardApp.start('memory', null, { board, sealing: 'on' });
    const message = { messageId: 'm-1', conversationId: 'c-1', senderId: 'ben', recipientId: 'eve' };
    await app.app
      .get(MessageQueueService)
      .addMessageDeliveryJob(
        { ...message, content: MARKUP, createdAt: new Date() },
        { delay: 3_600_000, jobId: 'sealed-1' },
      );
    const { page, problems } = await browser.page();
    await page.goto(`${app.url}/admin/queues/queue/message-delivery?status=delayed`);
    await page.getByRole('link', { name: 'Reveal' }).waitFor();
    await browser.screenshot(page, 'reveal-link');
    const [form] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByRole('link', { name: 'Reveal' }).click(),
    ]);
    form.on('pageerror', (error) => problems.push(error.message));
    await form.getByLabel('Why do you need to see its content?').fill('Because I want to');
    await form.getByRole('button', { name: 'Reveal' }).click();
    expect(await form.locator('input:invalid').count()).toBe(1);
    await browser.screenshot(form, 'reveal-form');
    await form.getByLabel('Why do you need to see its content?').fill('ticket-4711');
    await form.getByRole('button', { name: 'Reveal' }).click();
    await form.getByText('window.hacked = 2').waitFor();
    expect(await form.locator('body').innerText()).toContain('Revealed to ada for ticket-4711');
    expect(await form.evaluate('window.hacked')).toBeUndefined();
    expect(await form.locator('img').count()).toBe(0);
    await browser.screenshot(form, 'reveal-job');
    await form.getByRole('link', { name: 'back to the board' }).click();
    await form.getByText('Added at').waitFor();
    expect(problems).toEqual([]);
    await app.close();
  });
});
