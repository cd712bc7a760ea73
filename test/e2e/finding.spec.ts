import { randomUUID } from 'node:crypto';
import type { ProviderName } from '../../src/message-queue/broker/broker.js';
import { JobSearch } from '../../src/message-queue/finding/job-search.js';
import { JobStories } from '../../src/message-queue/finding/job-story.js';
import { InvalidJobOptionsError, JobNotFoundError } from '../../src/message-queue/jobs/errors.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { DeadLetterFixture } from './dead-letter.fixture.js';

describe.each<ProviderName>(['memory', 'redis'])('Finding jobs on %s', (provider) => {
  let redis: TestRedis | null = null;
  let fixture: DeadLetterFixture;
  let search: JobSearch;

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
  });
  beforeEach(() => {
    fixture = new DeadLetterFixture(provider, redis);
    search = new JobSearch(fixture.queues);
  });
  afterEach(() => fixture.close());
  afterAll(() => redis?.stop());

  const add = async (queue: string, data: object, options: object = {}, job = 'send'): Promise<string> => {
    const added = await fixture.queues.get(queue).queue.add(job, data, options);
    return String(added.id);
  };
  const ids = async (query: Parameters<JobSearch['find']>[0]): Promise<string[]> =>
    (await search.find(query)).jobs.map(({ id }) => id);

  it('lists jobs of every state, and narrows by queue, state and name', async () => {
    const waiting = await add('mail', {});
    const delayed = await add('mail', {}, { delay: 3_600_000 }, 'confirm');
    await fixture.queues.get('push').queue.pause();
    const paused = await add('push', {});
    const all = await search.find();
    expect([all.of, all.looked, all.cursor]).toEqual([3, 3, null]);
    expect(new Map(all.jobs.map(({ id, state }) => [id, state]))).toEqual(
      new Map([
        [waiting, 'waiting'],
        [delayed, 'delayed'],
        [paused, 'paused'],
      ]),
    );
    expect(all.jobs.find(({ id }) => id === delayed)?.dueAt?.getTime()).toBeGreaterThan(Date.now());
    expect(new Set(await ids({ state: 'waiting' }))).toEqual(new Set([waiting, paused]));
    expect(await ids({ queue: 'mail', name: 'confirm' })).toEqual([delayed]);
    await fixture.work('mail');
    await waitUntil(async () => (await ids({ state: 'completed' })).length === 1, 'one to complete');
    expect((await search.find({ state: 'completed' })).jobs[0]).toMatchObject({ id: waiting, attempts: 1 });
  });

  it('finds an id in whichever queue it is, in any state', async () => {
    const jobId = `m_${randomUUID()}`;
    await add('mail', { n: 1 }, { jobId });
    await add('push', { n: 2 }, { jobId, delay: 60_000 });
    const found = await search.find({ id: jobId });
    expect(found.jobs.map(({ queue, state }) => [queue, state])).toEqual([
      ['mail', 'waiting'],
      ['push', 'delayed'],
    ]);
    expect(await ids({ id: jobId, state: 'delayed' })).toEqual([jobId]);
    expect(await ids({ id: 'nobody' })).toEqual([]);
    expect(await ids({ id: '*' })).toEqual([]);
  });

  it('searches texts and fields of payloads, and never what may not be seen', async () => {
    const ann = await add('mail', { user: { id: 42, name: 'Ann "the ☂" Other' } });
    const ben = await add('mail', { user: { id: '42' }, to: [{ mail: 'ben@example.org' }] });
    expect(await ids({ q: 'ANN "THE ☂"' })).toEqual([ann]);
    expect(new Set(await ids({ q: 'user.id = 42' }))).toEqual(new Set([ann, ben]));
    expect(await ids({ q: 'to.mail = ben@example.org' })).toEqual([ben]);
    expect(await ids({ q: 'user.id = "42"', state: 'failed' })).toEqual([]);
    expect(await ids({ q: ben })).toEqual([ben]);
    const redacted = await search.find({ q: 'user.id = 42' }, () => ({}));
    expect([redacted.jobs, redacted.looked, redacted.of]).toEqual([[], 2, 2]);
  });

  it('goes on where it stopped, while jobs come and go', async () => {
    const added: string[] = [];
    for (let n = 0; n < 30; n++) added.push(await add(n % 2 ? 'mail' : 'push', { n }));
    const first = await search.find({ limit: 10 });
    expect([first.jobs.length, first.of]).toEqual([10, 30]);
    for (let n = 0; n < 5; n++) await add('mail', { late: n });
    const [gone] = added;
    await (await fixture.queues.get('push').queue.getJob(gone ?? ''))?.remove();
    const seen = first.jobs.map(({ id }) => id);
    for (let cursor = first.cursor; cursor !== null;) {
      const page = await search.find({ limit: 10, cursor });
      seen.push(...page.jobs.map(({ id }) => id));
      cursor = page.cursor;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(added.slice(1).filter((id) => !seen.includes(id))).toEqual([]);
  });

  it('looks at no more than 2 000 jobs a call, and says how far it came', async () => {
    const requests = Array.from({ length: 2_100 }, (_, n) => ({ name: 'send', data: { n }, options: {} }));
    await fixture.broker.addMany(fixture.queues.get('mail').queue, requests);
    let looked = 0;
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await search.find({ q: 'n = 3', cursor });
      expect(page.looked).toBeLessThanOrEqual(2_000);
      looked += page.looked;
      found.push(...page.jobs.map(({ id }) => id));
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
    expect([looked, found.length]).toEqual([2_100, 1]);
  });

  it.each([
    [{ queue: 'mial' }, 'queue'],
    [{ state: 'wating' as 'waiting' }, 'state'],
    [{ state: 'expired' as const }, 'state'],
    [{ limit: 0 }, 'limit'],
    [{ cursor: 'nonsense' }, 'cursor'],
    [{ q: '' }, 'q'],
  ])('refuses %j', async (query, path) => {
    const error: unknown = await search.find(query).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidJobOptionsError);
    expect((error as InvalidJobOptionsError).issues[0]?.path).toBe(path);
  });

  it('tells the whole story of a job', async () => {
    await fixture.work('mail');
    const [id = ''] = await fixture.deaths('mail', [{ errors: ['first', 'second', 'third'] }]);
    await fixture.deadLetters.replay('mail', id, 'ann');
    await waitUntil(async () => (await ids({ state: 'completed' })).includes(id), 'the replay');
    const stories = new JobStories(fixture.queues);
    const { found, runs, replays, correlationId, cancelled, maxAttempts } = await stories.of('mail', id);
    expect(found).toMatchObject({ id, state: 'completed', error: null });
    expect(runs.map(({ attempt, kind, text }) => [attempt, kind, text])).toEqual([
      [1, 'error', 'first'],
      [2, 'error', 'second'],
      [3, 'error', 'third'],
      [1, 'completed', null],
    ]);
    expect(runs.at(-1)?.durationMs).toBeGreaterThanOrEqual(0);
    expect([replays[0]?.by, correlationId, cancelled, maxAttempts]).toEqual(['ann', 'c-1', null, 3]);
    await expect(stories.of('mail', 'nobody')).rejects.toThrow(JobNotFoundError);
  });

  it('tells of a cancelled job who did not run', async () => {
    const id = await add('mail', {});
    await fixture.broker.cancel(fixture.queues.get('mail').queue, id, 'not wanted\u202e');
    const { found, cancelled } = await new JobStories(fixture.queues).of('mail', id);
    expect([found.state, cancelled?.reason]).toEqual(['failed', String.raw`not wanted\u202e`]);
  });
});
