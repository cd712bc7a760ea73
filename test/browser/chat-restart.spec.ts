import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import type { AppOptions } from '../../src/app.module.js';
import { TestRedis } from '../support/redis-server.js';
import { TestBrowser } from './browser.js';
import { ChatPage } from './chat-page.js';
import { startChatServer } from './chat-server.js';

describe('The chat page while its server restarts', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mq-chat-'));
  let browser: TestBrowser;
  let redis: TestRedis;
  let app: INestApplication;

  beforeAll(async () => {
    browser = await TestBrowser.start();
    redis = await TestRedis.start();
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
    await redis.stop();
    rmSync(directory, { recursive: true, force: true });
    process.stdout.write(`Screenshots: ${browser.directory}\n`);
  });

  it('says so, keeps what is written, and sends it when the server is back', async () => {
    const options: AppOptions = {
      ...{ provider: 'redis', redis: { url: redis.url } },
      databaseUrl: `file:${join(directory, 'chat.sqlite')}`,
    };
    app = await startChatServer(options);
    const url = new URL(await app.getUrl());
    const chat = await new ChatPage((await browser.page()).page).open(url.href);
    const outage = chat.page.getByRole('alert').filter({ hasText: 'The server does not answer.' });
    await chat.write('ada', 'Before the restart');
    await chat.ticks('ada', 'Before the restart', 'read').waitFor();
    expect(await outage.count()).toBe(0);

    await app.close();
    for (const user of ['ada', 'grace']) await chat.link(user, 'Connecting…').waitFor();
    await outage.waitFor();
    await chat.page.getByText('do not answer, trying again').waitFor();
    for (const n of [1, 2]) await chat.write('ada', `While it was away ${n}`);
    expect(await chat.bubble('ada', 'While it was away').locator('.ticks.unsent').count()).toBe(2);
    await browser.screenshot(chat.page, 'outage');

    app = await startChatServer(options, Number(url.port));
    await chat.bothOnline();
    await chat.bubble('grace', 'While it was away 2').waitFor();
    for (const n of [1, 2]) await chat.ticks('ada', `While it was away ${n}`, 'read').waitFor();
    const said = ['Before the restart', 'While it was away 1', 'While it was away 2'];
    for (const user of ['ada', 'grace']) expect(await chat.texts(user, 'e')).toEqual(said);
    expect(await outage.count()).toBe(0);
    await chat.page.getByText('do not answer, trying again').waitFor({ state: 'detached' });
  });
});
