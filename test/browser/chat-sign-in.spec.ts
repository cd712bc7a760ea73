import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import type { Page } from 'playwright-core';
import { hashPassword } from '../../src/chat/sign-in/people/password-hash.js';
import { MessageQueueService } from '../../src/message-queue/index.js';
import { MessageStore } from '../../src/message-queue/ports/index.js';
import { TestBrowser } from './browser.js';
import { ChatPage } from './chat-page.js';
import { startChatServer } from './chat-server.js';

const PASSWORD = 'a password of some length';

/** A web site of somebody else, on another port or under another name of this machine. */
class OtherSite {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(page: string): Promise<OtherSite> {
    const server = createServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(page);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // The chat is at 127.0.0.1: for cookies and origins this is another site.
    return new OtherSite(server, `http://localhost:${(server.address() as AddressInfo).port}/`);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

describe('Signing in to the chat in a browser', () => {
  let browser: TestBrowser;
  let app: INestApplication;
  let url: string;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    browser = await TestBrowser.start();
    const hash = await hashPassword(PASSWORD);
    app = await startChatServer({
      ...{ environment: 'production', provider: 'memory', acceptInMemory: true },
      chatUsers: `ada+board+announce:${hash},grace:${hash}`,
    });
    url = await app.getUrl();
    ({ page, problems } = await browser.page());
    await page.goto(url);
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
    process.stdout.write(`Screenshots: ${browser.directory}\n`);
  });

  const signIn = async (on: Page, name: string, password = PASSWORD): Promise<void> => {
    await on.getByLabel('Name').fill(name);
    await on.getByLabel('Password').fill(password);
    await on.getByRole('button', { name: 'Sign in' }).click();
  };

  it('shows a form and nothing else, and says what went wrong', async () => {
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.locator('.pane').first().isVisible()).toBe(false);
    expect(await page.evaluate('document.activeElement.id')).toBe('sign-in-name');
    await browser.screenshot(page, 'form');
    await signIn(page, 'ada', 'wrong');
    await page.getByRole('alert').filter({ hasText: 'Name or password is wrong.' }).waitFor();
    await browser.screenshot(page, 'form-wrong');
    expect(problems.splice(0)).toEqual(expect.arrayContaining(['401 /api/session']));
  });

  it('lets each of two people chat from their own browser, seeing their own side', async () => {
    const other = await browser.page();
    await other.page.goto(url);
    await signIn(page, 'ada');
    await signIn(other.page, 'grace');
    const [ada, grace] = [new ChatPage(page), new ChatPage(other.page)];
    await ada.link('ada', 'Online').waitFor();
    await grace.link('grace', 'Online').waitFor();
    expect([await page.locator('.pane').count(), await other.page.locator('.pane').count()]).toEqual([1, 1]);
    await ada.write('ada', 'Good morning Grace');
    await grace.bubble('grace', 'Good morning Grace').waitFor();
    await ada.ticks('ada', 'Good morning Grace', 'read').waitFor();
    await grace.write('grace', 'Good morning Ada');
    await ada.bubble('ada', 'Good morning Ada').waitFor();
    await page.reload();
    await ada.bubble('ada', 'Good morning Ada').waitFor();
    await browser.screenshot(page, 'signed-in');
    expect(await page.getByRole('link', { name: 'Open Bull Board' }).isVisible()).toBe(true);
    expect(await other.page.getByRole('link', { name: 'Open Bull Board' }).isVisible()).toBe(false);
    expect(await other.page.getByText('Announcement to everyone').isVisible()).toBe(false);
    await browser.screenshot(other.page, 'signed-in-without-rights');
    await other.page.context().close();
  });

  it.each([
    ['desktop', 1280, 800],
    ['phone', 390, 844],
  ])('is readable on a %s, light and dark', async (device, width, height) => {
    const fresh = (await browser.page()).page;
    await fresh.goto(url);
    await fresh.getByRole('heading', { name: 'Sign in' }).waitFor();
    for (const shown of [page, fresh]) {
      await shown.setViewportSize({ width, height });
      for (const colorScheme of ['light', 'dark'] as const) {
        await shown.emulateMedia({ colorScheme });
        await browser.screenshot(shown, `${device}-${colorScheme}-${shown === page ? 'chat' : 'form'}`);
        const overflow = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
        expect(await shown.evaluate(overflow)).toBe(false);
      }
    }
    await fresh.context().close();
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('keeps out what another site does with the browser of somebody who is signed in', async () => {
    const site = await OtherSite.start('<form method="post"><input name="content" value="forged"></form>');
    const evil = await page.context().newPage();
    await evil.goto(site.url);
    const answers = new Map<string, number>();
    evil.on('response', (response) => answers.set(new URL(response.url()).pathname, response.status()));
    for (const [path, enctype] of [
      ['/api/messages', 'application/x-www-form-urlencoded'],
      ['/api/announcements', 'text/plain'],
      ['/admin/queues/api/queues/message-delivery/pause', 'multipart/form-data'],
      ['/api/session', 'text/plain'],
    ]) {
      await evil.goto(site.url);
      const submit = `const form = document.forms[0];
        form.action = '${url}${path}'; form.enctype = '${enctype}'; form.submit()`;
      await Promise.all([evil.waitForURL(`${url}${path}`), evil.evaluate(submit)]);
    }
    expect(Object.fromEntries(answers)).toMatchObject({
      ...{ '/api/messages': 403, '/api/announcements': 403, '/api/session': 403 },
      '/admin/queues/api/queues/message-delivery/pause': 403,
    });

    await evil.goto(site.url);
    const tried = await evil.evaluate(`(async () => {
      const json = { method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json' }, body: '{}' };
      const tried = await Promise.allSettled([
        fetch('${url}/api/messages', json),
        fetch('${url}/api/messages', { ...json, mode: 'no-cors', headers: {} }),
        fetch('${url}/api/conversations', { credentials: 'include' }),
        new Promise((resolve, reject) => {
          const socket = new WebSocket('${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket');
          socket.onopen = resolve;
          socket.onerror = reject;
        }),
        new Promise((resolve, reject) => {
          const script = document.createElement('script');
          script.src = '${url}/api/conversations';
          script.onload = resolve;
          script.onerror = reject;
          document.head.append(script);
        }),
      ]);
      const frame = document.createElement('iframe');
      frame.src = '${url}/';
      document.body.append(frame);
      await new Promise((resolve) => (frame.onload = resolve));
      let seen;
      try { seen = frame.contentDocument?.body.innerText ?? null; } catch { seen = null; }
      return [...tried.map(({ status }) => status), seen];
    })()`);
    expect(tried).toEqual([...Array.from({ length: 5 }, () => 'rejected'), null]);

    await evil.close();
    await site.close();
    const store = app.get(MessageStore, { strict: false });
    const { items } = await store.listConversation('direct:ada:grace');
    expect(items.map(({ content }) => content)).not.toContain('forged');
    const { queues } = await app.get(MessageQueueService, { strict: false }).getQueueMetrics();
    expect(queues['message-delivery'].isPaused).toBe(false);
  });

  it('a name of another site that leads here shows nothing, even to who is signed in', async () => {
    const rebound = await TestBrowser.start([
      '--host-resolver-rules=MAP evil.example 127.0.0.1',
      // Newer browsers ask before a site reaches this machine. Older ones do not, so we must not rest on it.
      '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests',
    ]);
    const { page: evil } = await rebound.page();
    const there = url.replace('127.0.0.1', 'evil.example');
    expect((await evil.goto(there))?.status()).toBe(421);
    // What the site showed before its name led here.
    await evil.route(`${there}/attack`, (route) =>
      route.fulfill({ contentType: 'text/html', body: 'Hello' }),
    );
    await evil.goto(`${there}/attack`);
    const tried = await evil.evaluate(`(async () => [
      (await fetch('/api/session')).status,
      (await fetch('/api/messages', { method: 'POST' })).status,
      (await fetch('/admin/queues/api/queues')).status,
      await new Promise((resolve) => {
        const socket = new WebSocket('ws://' + location.host + '/socket.io/?EIO=4&transport=websocket');
        socket.onopen = () => resolve('open');
        socket.onerror = () => resolve('refused');
      }),
    ])()`);
    await rebound.close();
    expect(tried).toEqual([421, 421, 421, 'refused']);
  });

  it('signs out, and asks again', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.context().cookies()).toEqual([]);
    for (let n = 0; n < 5; n += 1) {
      await signIn(page, 'grace', `wrong ${n}`);
      await page.locator('#sign-in-button:enabled').waitFor();
    }
    await signIn(page, 'grace');
    await page
      .getByRole('alert')
      .filter({ hasText: /Try again in \d+ seconds/ })
      .waitFor();
    await browser.screenshot(page, 'throttled');
  });
});

describe('The chat in a browser where nobody can sign in', () => {
  it('says what to set', async () => {
    const browser = await TestBrowser.start();
    const app = await startChatServer({
      ...{ environment: 'production', provider: 'memory', acceptInMemory: true },
    });
    const { page } = await browser.page();
    await page.goto(await app.getUrl());
    await page.getByText('Nobody can sign in').waitFor();
    expect(await page.getByLabel('Password').isVisible()).toBe(false);
    await browser.screenshot(page, 'closed');
    process.stdout.write(`Screenshots: ${browser.directory}\n`);
    await browser.close();
    await app.close();
  });
});
