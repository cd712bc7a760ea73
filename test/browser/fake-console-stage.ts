import { FakeConsole } from '../support/console/fake-console.js';
import { TestBrowser } from './browser.js';

/** What the console's browser tests stand on: one browser, and for each test a console over made-up figures. */
export interface FakeConsoleStage {
  readonly browser: TestBrowser;
  readonly fake: FakeConsole;
}

/** Sets the stage for the tests of a `describe`. */
export function fakeConsoleStage(): FakeConsoleStage {
  let browser: TestBrowser;
  let fake: FakeConsole;

  beforeAll(async () => {
    browser = await TestBrowser.start();
  });
  afterAll(async () => {
    await browser.close();
    process.stdout.write(`Screenshots: ${browser.directory}\n`);
  });
  beforeEach(async () => {
    fake = await FakeConsole.start();
  });
  afterEach(() => fake.close());

  return {
    get browser() {
      return browser;
    },
    get fake() {
      return fake;
    },
  };
}
