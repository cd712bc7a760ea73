/** Takes the pictures of the console that the documents show, over made-up figures: `npm run screenshots`. */
import { writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { FakeConsole } from '../test/support/console/fake-console.js';

const MOST_BYTES = 200_000;
const WIDTH = 1440;
const HELP = `Usage: npm run screenshots

Takes the pictures of the console that the documents show, over made-up figures, and writes them to docs/images.
Needs Chromium: CHROMIUM_BIN, or /usr/bin/chromium.`;

interface Picture {
  readonly name: string;
  readonly place: string;
  readonly colorScheme: 'light' | 'dark';
  readonly height: number;
  readonly prepare?: (page: Page) => Promise<void>;
}

const PICTURES: readonly Picture[] = [
  { name: 'console', place: '', colorScheme: 'light', height: 1440 },
  {
    ...{ name: 'console-dead-letters', colorScheme: 'dark', height: 800 },
    place: 'dead-letters?queue=message-notification&error=refused the connection',
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Preview replay' }).click();
      await page.getByLabel('Reason for the audit log').fill('SMTP relay restored, INC-2231');
      await page.getByRole('button', { name: 'Replay 27 letters' }).hover();
    },
  },
];

async function take(browser: Browser, url: string, picture: Picture): Promise<void> {
  const { name, place, colorScheme, height, prepare } = picture;
  const context = await browser.newContext({
    viewport: { width: WIDTH, height },
    colorScheme,
    timezoneId: 'Europe/Berlin',
  });
  const page = await context.newPage();
  await page.goto(`${url}/#/${place}`);
  await page.locator('main:not(:has([aria-busy="true"])) table').first().waitFor();
  await prepare?.(page);
  const session = await context.newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 90 });
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length > MOST_BYTES) throw new Error(`${name} has ${bytes.length} bytes, ${MOST_BYTES} at most.`);
  writeFileSync(`docs/images/${name}.webp`, bytes);
  console.log(`docs/images/${name}.webp  ${bytes.length} bytes`);
  await context.close();
}

async function main(): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    console.log(HELP);
    return;
  }
  const fake = await FakeConsole.start();
  const executablePath = process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  for (const picture of PICTURES) await take(browser, fake.url, picture);
  await browser.close();
  await fake.close();
}

void main();
