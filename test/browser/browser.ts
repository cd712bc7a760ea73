import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A headless Chromium for one test file; screenshots go to a temporary directory whose name is printed. */
export class TestBrowser {
  readonly directory = mkdtempSync(join(tmpdir(), 'mq-screens-'));

  private constructor(private readonly browser: Browser) {}

  /** Chromium of the machine: CHROMIUM_BIN, or Debian's. @param more arguments of its command line */
  static async start(more: readonly string[] = []): Promise<TestBrowser> {
    const executablePath = process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium';
    return new TestBrowser(
      await chromium.launch({ executablePath, headless: true, args: [...ARGUMENTS, ...more] }),
    );
  }

  /** A fresh page with cookies of its own; what goes wrong in it is noted in `problems`. @param more such as what is typed when a password is asked for */
  async page(more: BrowserContextOptions = {}): Promise<{ page: Page; problems: string[] }> {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, ...more });
    const page = await context.newPage();
    // Ends a hang; nothing is measured by it.
    page.setDefaultTimeout(60_000);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    // Blocked ones too: a page of ours asks nobody else.
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol.startsWith('http') && hostname !== '127.0.0.1') problems.push(`asks ${hostname}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) problems.push(`${response.status()} ${new URL(response.url()).pathname}`);
    });
    return { page, problems };
  }

  /** Saves what a page looks like. @returns the file */
  async screenshot(page: Page, name: string): Promise<string> {
    const path = join(this.directory, `${name}.png`);
    await page.screenshot({ path });
    return path;
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}
