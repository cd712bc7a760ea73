import type { Page } from 'playwright-core';
import type { HealthReason } from '../../src/message-queue/monitoring/queue-health.js';
import type { Overview } from '../../src/message-queue/operations/rest/answers.js';
import { busyOverview, GROUPS } from '../support/console/made-up.js';
import { fakeConsoleStage } from './fake-console-stage.js';

const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const SETTING: HealthReason = {
  severity: 'unhealthy',
  code: 'SERVER_SETTING',
  message: 'maxmemory-policy is allkeys-lru: Redis removes jobs when memory is full. Set it to noeviction.',
};
const UNPLUGGED: HealthReason = {
  severity: 'degraded',
  code: 'UNPLUGGED_PORT',
  message:
    'Jobs of "message-indexing" only seem done: nobody plugged in SearchIndex, so memory serves them until this process ends.',
};

/** A server with a poor setting, which health says of each queue that `isOn` it. */
function poorServer(hours: number, isOn: (queue: string) => boolean = () => true): Overview {
  const busy = busyOverview(hours);
  const queues = busy.queues.map((row) => {
    const own = row.queue === 'message-indexing' ? [UNPLUGGED] : row.reasons;
    return isOn(row.queue)
      ? { ...row, status: 'unhealthy' as const, reasons: [SETTING, ...own] }
      : { ...row, reasons: own };
  });
  return { ...busy, queues };
}

function withLetters(hours: number, dead: number): Overview {
  const busy = busyOverview(hours);
  const groups = GROUPS.slice(0, dead).map((group) => ({ ...group, letters: 1 }));
  return {
    ...busy,
    totals: { ...busy.totals, dead },
    deadLetters: { groups, looked: dead, of: dead },
  };
}

describe('What the console says', () => {
  const stage = fakeConsoleStage();

  async function open(place: string, size = WIDE): Promise<Page> {
    const { page } = await stage.browser.page({ viewport: size });
    await page.goto(`${stage.fake.url}/#/${place}`);
    await page
      .locator('main:not(:has([aria-busy="true"])):not(:has-text("Reading ")) section')
      .first()
      .waitFor();
    return page;
  }

  it.each([
    ['wide', WIDE],
    ['on a phone', PHONE],
  ])('of a server is said once, and of a queue on its row: %s', async (name, size) => {
    stage.fake.state.overview = poorServer;
    const page = await open('', size);
    const said = page.getByText(SETTING.message);
    await said.waitFor();
    expect(await said.count()).toBe(1);
    await page.getByRole('region', { name: 'SERVER_SETTING' }).waitFor();
    await page.getByText(UNPLUGGED.message).waitFor();
    await page.getByText('6 idle: ').waitFor();
    expect(await page.locator('.queues [title="unhealthy"]').count()).toBe(1);
    expect(await page.getByRole('row', { name: 'healthy message-encryption' }).count()).toBe(1);
    await stage.browser.screenshot(page, `reasons-${name}`);
    await page.close();
  });

  it('names the queues of a server that does not keep all', async () => {
    stage.fake.state.overview = (hours) => poorServer(hours, (queue) => /^(chat|agent)_/.test(queue));
    const page = await open('');
    const said = page.getByRole('region', { name: 'SERVER_SETTING' });
    await said.getByText('It concerns chat_messages, agent_responses.').waitFor();
    await page.goto(`${stage.fake.url}/#/queues/agent_responses`);
    await said.getByText(SETTING.message).waitFor();
    expect(await page.locator('.reasons').innerText()).toContain('healthy');
    await page.close();
  });

  it('shows no growth of what does not wait', async () => {
    stage.fake.state.overview = (hours) => {
      const busy = busyOverview(hours);
      return {
        ...busy,
        totals: { ...busy.totals, waiting: 0, waitingPerMinute: -1.2, oldestWaitingMs: null },
      };
    };
    const page = await open('');
    await page.getByText('nothing waits').waitFor();
    expect(await page.getByText('/min').allInnerTexts()).toEqual([]);
    await page.close();
  });

  it('says once that there are no dead letters, and has nothing to preview', async () => {
    stage.fake.state.overview = (hours) => withLetters(hours, 0);
    stage.fake.state.letters = 0;
    const page = await open('dead-letters');
    await page.getByText('There are no dead letters.').waitFor();
    expect(await page.getByText(/match/).count()).toBe(0);
    expect(await page.getByRole('table').count()).toBe(0);
    for (const name of ['Preview replay', 'Preview discard']) {
      const button = page.getByRole('button', { name });
      expect(await button.isDisabled()).toBe(true);
      await button.press('Enter');
    }
    expect(stage.fake.asked).toEqual([]);
    await page.close();
  });

  it.each([
    ['dead-letters', 1, '1 letter matches'],
    ['dead-letters', 3, '3 letters match'],
    ['dead-letters?queue=message-delivery', 3, '1 of 3 letters matches'],
  ])('counts the letters of %s in plain words: %p', async (place, letters, text) => {
    stage.fake.state.overview = (hours) => withLetters(hours, letters);
    stage.fake.state.letters = letters;
    const page = await open(place);
    await page.getByText(text, { exact: true }).waitFor();
    await page.close();
  });

  it('says once that none of the letters matches', async () => {
    stage.fake.state.letters = 0;
    const page = await open('dead-letters?queue=message-cleanup');
    await page.getByText('0 of 37 letters match.', { exact: true }).waitFor();
    expect(await page.getByText(/match/).count()).toBe(1);
    await page.getByRole('button', { name: 'Preview replay' }).click();
    await page.getByText('Nothing has changed yet').waitFor();
    await page.close();
  });

  it('keeps both previews together where only one would fit', async () => {
    stage.fake.state.overview = (hours) => withLetters(hours, 0);
    const page = await open('dead-letters');
    const [replay, discard] = await Promise.all(
      ['Preview replay', 'Preview discard'].map((name) => page.getByRole('button', { name }).boundingBox()),
    );
    expect(discard?.y).toBe(replay?.y);
    await page.close();
  });

  it('has the button of a letter within a phone', async () => {
    const page = await open('dead-letters', PHONE);
    const button = page.getByRole('button', { name: /^Put m_/ }).first();
    const { x, width } = (await button.boundingBox())!;
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x + width).toBeLessThanOrEqual(PHONE.width);
    await button.click();
    await page.getByRole('status').getByText('was put back to waiting').waitFor();
    await page.close();
  });

  it('tells attempts of one minute apart', async () => {
    const page = await open('jobs/message-notification/m_1');
    const times = await page.getByRole('region', { name: 'Attempts' }).locator('time').allInnerTexts();
    expect(times).toHaveLength(4);
    for (const time of times) expect(time).toMatch(/\d\d:\d\d:\d\d$/);
    await page.evaluate(`location.hash = '#/jobs'`);
    await page
      .getByRole('table', { name: 'Jobs' })
      .getByText(/\d\d:\d\d:\d\d$/)
      .first()
      .waitFor();
    await page.close();
  });
});
