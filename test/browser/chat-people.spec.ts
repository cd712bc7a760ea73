import type { INestApplication } from '@nestjs/common';
import { TestBrowser } from './browser.js';
import { ChatPage } from './chat-page.js';
import { startChatServer } from './chat-server.js';

const PEOPLE = [
  { id: 'juergen', name: 'Jürgen Weiß' },
  { id: 'layla', name: 'ليلى حداد' },
  { id: 'mateo', name: 'Mateo Núñez' },
];

describe('The chat page with a conversation of three', () => {
  let browser: TestBrowser;
  let app: INestApplication;
  let chat: ChatPage;

  beforeAll(async () => {
    browser = await TestBrowser.start();
    const conversations = [{ id: 'van-route', title: 'The van route', people: PEOPLE }];
    app = await startChatServer({ provider: 'memory', conversations });
    const { page } = await browser.page();
    chat = new ChatPage(page);
    await page.goto(await app.getUrl());
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
  });

  const online = (user: string): Promise<void> => chat.link(user, 'Online').waitFor();

  it('begins with it, and with the first two', async () => {
    await online('juergen');
    await online('layla');
    await chat.write('juergen', 'Der Wagen steht hinter der Turnhalle.');
    await chat.ticks('juergen', 'hinter der Turnhalle', 'read').waitFor();
    expect(await chat.pane('layla').locator('.third').count()).toBe(0);
  });

  it('shows another side, and says whom a message was for', async () => {
    await chat.pane('layla').getByLabel('Whose side to see').selectOption('Mateo Núñez');
    await online('mateo');
    await online('juergen');
    const bubble = chat.bubble('juergen', 'hinter der Turnhalle');
    await bubble.waitFor();
    expect(await bubble.locator('.third').textContent()).toBe('To ليلى حداد');
    expect(await chat.bubble('mateo', 'hinter der Turnhalle').count()).toBe(0);
    await chat.write('mateo', '¿A qué hora salimos?');
    await chat.ticks('mateo', 'salimos', 'read').waitFor();
    await browser.screenshot(chat.page, 'three');
  });

  it('leads to the conversation of the two neighbours', async () => {
    await chat.page.getByLabel('Conversation', { exact: true }).selectOption('Two neighbours');
    await chat.bothOnline();
    expect(await chat.page.getByLabel('Whose side to see').count()).toBe(0);
    expect(await chat.pane('ada').locator('.bubble').count()).toBe(0);
  });
});
