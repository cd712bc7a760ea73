import type { INestApplication } from '@nestjs/common';
import type { Locator } from 'playwright-core';
import { TestBrowser } from './browser.js';
import { ChatPage } from './chat-page.js';
import { startChatServer } from './chat-server.js';

const QUESTION = 'Which of the eight queues brings me your answer while you are still writing it?';

describe('The guide on the chat page', () => {
  let browser: TestBrowser;
  let app: INestApplication;
  let chat: ChatPage;
  let problems: string[];

  beforeAll(async () => {
    browser = await TestBrowser.start();
    app = await startChatServer({ provider: 'memory' });
    const opened = await browser.page();
    problems = opened.problems;
    chat = new ChatPage(opened.page);
    await opened.page.goto(await app.getUrl());
    await chat.bothOnline();
    await opened.page.getByLabel('Conversation', { exact: true }).selectOption('Ada and the guide');
    await chat.link('ada', 'Online').waitFor();
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
    process.stdout.write(`Screenshots: ${browser.directory}\n`);
  });
  afterEach(() => {
    expect(problems.splice(0)).toEqual([]);
  });

  const draft = (): Locator => chat.pane('ada').locator('.draft');
  const answers = (): Locator => chat.pane('ada').locator('.bubble.other:not(.draft) p');

  it('begins with the one side that somebody reads', async () => {
    expect(await chat.page.locator('.pane').count()).toBe(1);
    await browser.screenshot(chat.page, 'guide-empty');
  });

  it('shows that it thinks, then the answer as it grows, then the message that it became', async () => {
    // Every text that the draft had, as a reader saw it.
    await chat.page.evaluate(`
      window.drafts = [];
      new MutationObserver(() => window.drafts.push(document.querySelector('.draft').textContent))
        .observe(document.querySelector('.draft'), { childList: true });
    `);
    await chat.write('ada', QUESTION);
    await draft().locator('.writing', { hasText: 'You ask' }).waitFor();
    await browser.screenshot(chat.page, 'guide-writing');
    await answers().filter({ hasText: 'plugged into the port Agent' }).waitFor();
    await draft().waitFor({ state: 'hidden' });
    const drafts = await chat.page.evaluate<string[]>('window.drafts');
    const texts = [...new Set(drafts.filter((text) => text !== ''))];
    expect(texts.length).toBeGreaterThan(3);
    const whole = (await answers().allTextContents())[0]!;
    for (const text of texts) expect(whole.startsWith(text.trimEnd())).toBe(true);
    await chat.ticks('ada', QUESTION, 'read').waitFor();
    expect(await chat.pane('ada').getByRole('status').last().textContent()).toBe('');
    await browser.screenshot(chat.page, 'guide-answered');
  });

  it('keeps the conversation: a reload shows it again, and a search finds it', async () => {
    await chat.page.reload();
    await answers().filter({ hasText: 'plugged into the port Agent' }).waitFor();
    expect(await draft().isHidden()).toBe(true);
    await chat.search.fill('plugged');
    await chat.hits.filter({ hasText: 'plugged into' }).waitFor();
  });

  it('answers in its own conversation alone, whichever another tab shows', async () => {
    const opened = await browser.page();
    const neighbours = await new ChatPage(opened.page).open(await app.getUrl());
    const before = await answers().count();
    await chat.write('ada', 'What is a dead letter?');
    await answers().nth(before).waitFor();
    await neighbours.write('grace', 'Said after the guide');
    await neighbours.bubble('ada', 'Said after the guide').waitFor();
    expect(await neighbours.texts('ada', '')).toEqual(['Said after the guide']);
    expect(opened.problems).toEqual([]);
    await opened.page.close();
  });

  it('fits a phone, and the names of the conversations can be read there', async () => {
    await chat.page.setViewportSize({ width: 390, height: 844 });
    const overflow = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
    expect(await chat.page.evaluate(overflow)).toBe(false);
    const choice = await chat.page.getByLabel('Conversation', { exact: true }).boundingBox();
    expect(choice?.width).toBeGreaterThan(300);
    await chat.write('ada', 'Hello');
    await answers().filter({ hasText: 'watch the queues' }).waitFor();
    await browser.screenshot(chat.page, 'guide-phone');
  });
});
