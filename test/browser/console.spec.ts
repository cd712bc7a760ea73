import type { Page } from 'playwright-core';
import type { Overview } from '../../src/message-queue/operations/rest/answers.js';
import { busyOverview, queueRow } from '../support/console/made-up.js';
import { waitUntil } from '../support/wait-until.js';
import { fakeConsoleStage } from './fake-console-stage.js';

const TABS = ['', 'dead-letters', 'jobs', 'schedules', 'workers', 'alerts', 'audit', 'events'];
const PLACES = [...TABS, 'queues/message-delivery', 'jobs/message-notification/m_1'];
const MARKUP = '<img src=x onerror="window.hacked=1">';
/** Words that mean something to the page, and moments. */
const WORDS =
  /^(operator|viewer|redis|memory|healthy|degraded|unhealthy|warning|critical|firing|pending|ok|alive|lost|planned|paused|due|running|done|replay|failed|refused|stopped|[A-Z_]+|\d{4}-.*Z)$/;

/** Everything that is a text says markup too. */
function hostile(value: unknown): unknown {
  if (typeof value === 'string')
    return WORDS.test(value) ? value : `${value} ${MARKUP} \u202e ${'w'.repeat(90)}`;
  if (Array.isArray(value)) return value.map(hostile);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === 'cron' ? inner : hostile(inner)]),
  );
}

/** Every figure is far too large. */
function huge(value: unknown, key = ''): unknown {
  const isTime = /^(at|from|startedAt|seenAt|since|step|attempt|pid|hours)$/.test(key);
  if (typeof value === 'number') return isTime ? value : value * 1e11;
  if (Array.isArray(value)) return value.map((item) => huge(item, key));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, huge(inner, name)]));
}

function emptyOverview(hours: number): Overview {
  const busy = busyOverview(hours);
  const nothing = { avg: null, p50: null, p95: null, p99: null };
  return {
    ...{ ...busy, status: 'healthy', alerts: [], deploys: [], queues: [], schedules: [] },
    ...{ deadLetters: { groups: [], looked: 0, of: 0 }, history: { step: 1, points: [] } },
    server: { ...busy.server, provider: 'memory', version: null, memoryUsedRatio: null },
    totals: {
      ...{
        waiting: 0,
        waitingPerMinute: 0,
        oldestWaitingMs: null,
        completedPerSecond: 0,
        completedPerSecondHourAgo: null,
      },
      ...{
        failureRate: null,
        usualFailureRate: null,
        runMs: nothing,
        dead: 0,
        newDead: 0,
        workers: 0,
        producers: 0,
      },
      ...{ lost: 0, utilization: null },
    },
  };
}

function manyQueues(hours: number): Overview {
  const more = Array.from({ length: 200 }, (_, index) =>
    queueRow(`tenant-${index}`, 'One of many', index < 60 ? { perMinute: index + 1, waiting: index } : {}),
  );
  const busy = busyOverview(hours);
  return { ...busy, queues: [...busy.queues, ...more] };
}

describe('The console in a browser', () => {
  const stage = fakeConsoleStage();

  /** Opens a place of the console; whatever its policy forbids is a problem. */
  async function open(place = '', setUp: (page: Page) => Promise<void> = async () => undefined) {
    const { page, problems } = await stage.browser.page();
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => {
      const isAnswer = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isAnswer) problems.push(message.text());
    });
    await setUp(page);
    await page.goto(`${stage.fake.url}/#/${place}`);
    await page.locator('main section').first().waitFor();
    return { page, problems };
  }
  const isQuiet = (page: Page): Promise<void> =>
    page.locator('main:not(:has([aria-busy="true"])):not(:has-text("Reading "))').waitFor();
  const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

  /** Goes through all places of one page. */
  async function visit(page: Page, look: (place: string) => Promise<void>): Promise<void> {
    for (const place of PLACES) {
      await page.evaluate(`location.hash = ${JSON.stringify(`#/${place}`)}`);
      await page.locator('main section').first().waitFor();
      await isQuiet(page);
      await look(place);
    }
  }

  it.each([
    ['light', { width: 1440, height: 900 }],
    ['dark', { width: 1440, height: 900 }],
    ['phone', { width: 390, height: 844 }],
  ])('shows every tab within the page and its policy: %s', async (name, size) => {
    const { page, problems } = await open('', async (opened) => {
      await opened.emulateMedia({ colorScheme: name === 'dark' ? 'dark' : 'light' });
      await opened.setViewportSize(size);
    });
    await visit(page, async (place) => {
      expect([place, await page.evaluate(overflow)]).toEqual([place, 0]);
      await stage.browser.screenshot(page, `console-${name}-${place.replaceAll('/', '-') || 'overview'}`);
    });
    expect(problems).toEqual([]);
    await page.close();
  });

  it.each([
    ['markup in every text', hostile, busyOverview],
    ['figures without measure', huge, busyOverview],
    ['an app without queues', (answer: unknown) => answer, emptyOverview],
    ['two hundred queues', (answer: unknown) => answer, manyQueues],
  ])('bears %s', async (name, rewrite, overview) => {
    stage.fake.state.rewrite = rewrite;
    stage.fake.state.overview = overview;
    const { page, problems } = await open('', (opened) =>
      opened.setViewportSize({ width: 390, height: 844 }),
    );
    await visit(page, async (place) => {
      expect([place, await page.evaluate(overflow)]).toEqual([place, 0]);
      const text = await page.locator('body').innerText();
      expect(text).not.toMatch(/NaN|undefined|Infinity|\[object|null/);
      await stage.browser.screenshot(
        page,
        `console-${name.replaceAll(' ', '-')}-${place.replaceAll('/', '-') || 'overview'}`,
      );
    });
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await page.locator('img').count()).toBe(0);
    const answers = problems.filter((problem) => !problem.startsWith('404'));
    expect(answers).toEqual([]);
    await page.close();
  });

  it('folds what is idle, and finds a queue among many', async () => {
    stage.fake.state.overview = manyQueues;
    const { page } = await open();
    await page.getByText('146 idle').waitFor();
    expect(await page.getByRole('link', { name: 'tenant-199', exact: true }).isVisible()).toBe(false);
    await page.getByLabel('Find').fill('tenant-199');
    await page.getByLabel('Find').press('Enter');
    await page.getByRole('row', { name: 'tenant-199' }).waitFor();
    expect(page.url()).toContain('find=tenant-199');
    await page.goBack();
    await page.getByText('146 idle').waitFor();
    await page.close();
  });

  it('shows viewers everything and no button that changes something', async () => {
    stage.fake.state.overview = (hours) => ({
      ...busyOverview(hours),
      operator: { name: 'ben', role: 'viewer' },
    });
    const { page } = await open();
    const looks = /^(1|6|24|72) h$|^Find$|^Show more$|^Clear$/;
    await visit(page, async (place) => {
      const names = await page.getByRole('button').allInnerTexts();
      expect([place, names.filter((name) => !looks.test(name))]).toEqual([place, []]);
    });
    await page.close();
  });

  it('names every field and button, and says what heads each column', async () => {
    const { page } = await open();
    await visit(page, async (place) => {
      const nameless = `[...document.querySelectorAll('button, a, input, select, section, nav, [role]')].filter((it) =>
        !(it.getAttribute('aria-label') || it.getAttribute('aria-labelledby') || it.labels?.length || it.textContent.trim())).map((it) => it.outerHTML)`;
      expect([place, await page.evaluate(nameless)]).toEqual([place, []]);
      const bare = `document.querySelectorAll('th:not([scope]), table:not(:has(caption)), [style*="color"]').length`;
      expect([place, await page.evaluate(bare)]).toEqual([place, 0]);
      const twice = `[...document.querySelectorAll('[id]')].map((it) => it.id).filter((id, index, all) => all.indexOf(id) !== index)`;
      expect([place, await page.evaluate(twice)]).toEqual([place, []]);
    });
    await page.close();
  });

  describe('with dead letters of events', () => {
    it('puts one back', async () => {
      const { page } = await open('events');
      await page.getByRole('button', { name: 'Replay the event k3f9a1-9s2' }).click();
      await page.getByRole('status').getByText('1 event put back: handlers run again.').waitFor();
      expect(stage.fake.asked).toEqual([
        { what: 'POST /events/dead-letters/replay', body: { ids: ['k3f9a1-9s2'] } },
      ]);
      await page.getByText('k3f9a1-9s2').waitFor({ state: 'detached' });
      await page.getByText('k3f9a1-9ro').waitFor();
      await page.close();
    });

    it('throws all away for a reason only', async () => {
      const { page } = await open('events');
      await page.getByRole('button', { name: 'Discard all dead letters of events' }).click();
      const dialog = page.getByRole('dialog', { name: 'Throw all dead letters of events away?' });
      await dialog.getByRole('button', { name: 'Discard' }).click();
      expect(await page.locator('textarea:invalid, input:invalid').count()).toBe(1);
      expect(stage.fake.asked).toEqual([]);
      await page.getByLabel('Reason for the audit').fill('the orders were cancelled');
      await dialog.getByRole('button', { name: 'Discard' }).click();
      await page.getByRole('status').getByText('3 events thrown away.').waitFor();
      expect(stage.fake.asked).toEqual([
        { what: 'POST /events/dead-letters/discard', body: { reason: 'the orders were cancelled' } },
      ]);
      await page.getByText('No event was given up.').waitFor();
      await page.close();
    });
  });

  describe('with dead letters', () => {
    const place = 'dead-letters?queue=message-notification&error=refused';

    it('previews, and replays just what was previewed; the filter stays', async () => {
      const { page, problems } = await open(place);
      await page.getByRole('button', { name: 'Preview replay' }).click();
      await page.getByText('27 letters would be put back to waiting').waitFor();
      await page.getByText('Nothing has changed yet').waitFor();
      const filter = { queue: 'message-notification', error: 'refused' };
      expect(stage.fake.asked).toEqual([
        { what: 'POST /dead-letters/replay', body: { filter, dryRun: true } },
      ]);
      await stage.browser.screenshot(page, 'console-plan');
      await page.getByLabel('Reason for the audit log').fill('SMTP relay restored, INC-2231');
      await page.getByRole('button', { name: 'Replay 27 letters' }).click();
      await page.getByRole('status').getByText('27 letters were put back to waiting.').waitFor();
      expect(stage.fake.asked[1]?.body).toEqual({
        ...{ filter, dryRun: false, until: expect.any(String), matched: 27, perSecond: 50 },
        reason: 'SMTP relay restored, INC-2231',
      });
      expect(page.url()).toContain(place);
      expect(problems).toEqual([]);
      await page.close();
    });

    it('moves nothing when more match by now, and previews again', async () => {
      const { page } = await open(place);
      await page.getByRole('button', { name: 'Preview replay' }).click();
      await page.getByRole('button', { name: 'Replay 27 letters' }).waitFor();
      stage.fake.state.matched = 28;
      await page.getByRole('button', { name: 'Replay 27 letters' }).click();
      await page
        .getByRole('alert')
        .getByText('More match now, and nothing has moved: preview again.')
        .waitFor();
      await page.getByRole('button', { name: 'Preview again' }).click();
      await page.getByRole('button', { name: 'Replay 28 letters' }).click();
      await page.getByRole('status').getByText('28 letters were put back').waitFor();
      await page.close();
    });

    it('discards for a reason only', async () => {
      const { page } = await open(place);
      await page.getByRole('button', { name: 'Preview discard' }).click();
      await page.getByRole('button', { name: 'Discard 27 letters' }).click();
      expect(await page.locator('input:invalid').count()).toBe(1);
      expect(stage.fake.asked).toHaveLength(1);
      await page.getByLabel('Reason for the audit log').fill('too old');
      await page.getByRole('button', { name: 'Discard 27 letters' }).click();
      await page.getByRole('status').getByText('27 letters were removed for good.').waitFor();
      await page.close();
    });

    it('follows a change that takes long, also from another tab, and stops it', async () => {
      stage.fake.state.matched = 24_000;
      stage.fake.state.moved = 0;
      stage.fake.state.getsTo = 12_000;
      const { page } = await open(place);
      await page.getByRole('button', { name: 'Preview replay' }).click();
      await page.getByRole('button', { name: /^Replay 24.000 letters$/ }).click();
      await page.getByRole('progressbar').waitFor();
      await stage.browser.screenshot(page, 'console-progress');
      const { page: other } = await stage.browser.page();
      await other.goto(page.url());
      await other.getByRole('progressbar').waitFor();
      await other.close();
      await page.getByRole('button', { name: 'Stop this change' }).click();
      await page.getByRole('status').getByText('It stops after the batch under way').waitFor();
      expect(stage.fake.asked.at(-1)?.what).toBe('DELETE /operations/op-1');
      stage.fake.state.getsTo = 24_000;
      await page.getByRole('status').getByText('24 000 letters were put back').waitFor();
      await page.close();
    });

    it('keeps the focus near when what was pressed is gone', async () => {
      const { page } = await open(place);
      const [first = ''] = await page.getByRole('row', { name: /^m_/ }).allInnerTexts();
      await page
        .getByRole('button', { name: /^Put m_/ })
        .first()
        .press('Enter');
      await page.getByRole('status').getByText('was put back to waiting').waitFor();
      await page.getByRole('link', { name: first.split(/\s/)[0] }).waitFor({ state: 'detached' });
      await page.locator('.notice:focus').waitFor();
      await page.close();
    });

    it('narrows to one kind of error, and Back widens it again', async () => {
      const { page } = await open('dead-letters');
      await page.getByRole('link', { name: 'JobTimeoutError' }).click();
      await page.getByRole('button', { name: /One kind of error only/ }).waitFor();
      expect(page.url()).toMatch(/queue=message-delivery&group=/);
      await page.goBack();
      await page.getByRole('row', { name: 'InvalidPayloadError' }).first().waitFor();
      expect(await page.getByLabel('Queue').inputValue()).toBe('');
      await page.close();
    });
  });

  it('asks before it pauses, says what it did, and gives the focus back', async () => {
    const { page, problems } = await open();
    const button = page.getByRole('button', { name: 'Pause message-delivery' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Pause message-delivery?' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await button.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    expect(stage.fake.asked).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Pause', exact: true }).press('Enter');
    await page.getByRole('status').getByText('message-delivery is paused').waitFor();
    expect(stage.fake.asked).toEqual([{ what: 'POST /queues/message-delivery/pause', body: {} }]);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('purges for a reason, and says what goes wrong', async () => {
    const { page } = await open('queues/message-delivery');
    await page.getByRole('button', { name: 'Purge message-delivery' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Purge message-delivery' }).click();
    expect(await page.locator('input:invalid').count()).toBe(1);
    await page.getByLabel('Reason for the audit').fill('sent twice');
    await page.getByRole('dialog').getByRole('button', { name: 'Purge message-delivery' }).click();
    await page.getByRole('status').getByText('jobs of message-delivery were removed').waitFor();
    expect(stage.fake.asked).toEqual([
      { what: 'DELETE /purge/message-delivery', body: { reason: 'sent twice' } },
    ]);
    stage.fake.state.refusal = {
      status: 429,
      detail: 'You have changed 60 things within a minute: wait 12 s.',
    };
    await page.getByRole('button', { name: 'Pause message-delivery' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('status').getByText('You have changed 60 things within a minute').waitFor();
    await page.close();
  });

  describe('over time', () => {
    const passing = (page: Page): Promise<void> => page.clock.install();

    it('reads anew every 5 s and keeps the focus; it stands still while text is selected', async () => {
      const { page } = await open('', passing);
      const reads = (): number => stage.fake.reads.get('/overview') ?? 0;
      const button = page.getByRole('button', { name: 'Pause message-indexing' });
      await button.focus();
      const before = reads();
      stage.fake.state.overview = (hours) => {
        const busy = busyOverview(hours);
        return { ...busy, totals: { ...busy.totals, waiting: 4711 } };
      };
      await page.clock.runFor(6_000);
      await page.getByText('4 711').waitFor();
      expect(reads()).toBeGreaterThan(before);
      expect(await button.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
      await page.evaluate(`getSelection().selectAllChildren(document.querySelector('h1'))`);
      await page.getByText('stands still while text is selected').waitFor();
      const held = reads();
      await page.clock.runFor(30_000);
      expect(reads()).toBe(held);
      await page.evaluate('getSelection().removeAllRanges()');
      await page.clock.runFor(1_000);
      await page.getByText('every 5 s while this tab is visible').waitFor();
      await waitUntil(() => reads() > held, 'the page to be read anew');
      await page.close();
    });

    it.each([
      ['dead-letters', 'Error contains'],
      ['jobs', 'Job name'],
    ])('leaves alone what is being typed: %s', async (place, label) => {
      const { page } = await open(place, passing);
      await page.getByLabel(label).pressSequentially('refu');
      const before = stage.fake.reads.get(`/${place}`) ?? 0;
      await page.clock.runFor(6_000);
      await waitUntil(() => (stage.fake.reads.get(`/${place}`) ?? 0) > before, 'the page to be read anew');
      await isQuiet(page);
      expect(await page.getByLabel(label).inputValue()).toBe('refu');
      await page.getByLabel(label).pressSequentially('sed');
      await page.keyboard.press('Enter');
      await page.waitForURL(/refused/);
      expect(await page.evaluate('document.activeElement.value')).toBe('refused');
      await page.close();
    });

    it('keeps what was last known of a broker that is away, says since when, and goes on by itself', async () => {
      const { page } = await open('', passing);
      stage.fake.state.refusal = { status: 503, detail: 'Redis does not answer.' };
      await page.clock.runFor(6_000);
      const alert = page.getByRole('alert').filter({ hasText: 'Redis does not answer.' });
      expect(await alert.innerText()).toMatch(/since \d\d:\d\d:\d\d[^]*the last that was known/);
      await page.getByText('1 288').waitFor();
      await stage.browser.screenshot(page, 'console-away');
      stage.fake.state.refusal = null;
      await page.clock.runFor(6_000);
      await alert.waitFor({ state: 'detached' });
      stage.fake.state.overview = (hours) => {
        const empty = emptyOverview(hours);
        return { ...empty, server: { ...empty.server, reachable: false } };
      };
      await page.clock.runFor(6_000);
      await page.getByRole('alert').filter({ hasText: 'The broker does not answer.' }).waitFor();
      await page.getByText('1 288').waitFor();
      await page.close();
    });

    it('shows no zeros of a broker that it never saw', async () => {
      stage.fake.state.refusal = { status: 503, detail: 'Redis does not answer.' };
      const { page } = await open();
      await page.getByRole('alert').getByText('Redis does not answer.').waitFor();
      expect(await page.locator('.tiles').count()).toBe(0);
      await page.close();
    });

    it('says that somebody has to log in again, and asks no more', async () => {
      const { page } = await open('', passing);
      stage.fake.state.refusal = { status: 401, detail: 'Log in.' };
      await page.clock.runFor(6_000);
      await page.getByText('You are not logged in any more. Reload the page to log in.').waitFor();
      const reads = stage.fake.reads.get('/overview');
      await page.clock.runFor(30_000);
      expect(stage.fake.reads.get('/overview')).toBe(reads);
      await page.close();
    });
  });

  it('lets the keyboard jump to the content', async () => {
    const { page } = await open();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('To the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.close();
  });
});
