import type { ProviderName } from '../../src/message-queue/broker/broker.js';
import {
  InvalidJobOptionsError,
  JobNotFoundError,
  JobStateError,
  UnknownQueueError,
} from '../../src/message-queue/jobs/errors.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { DeadLetterFixture } from './dead-letter.fixture.js';
import { clockPasses } from '../support/clock-passes.js';

describe.each<ProviderName>(['memory', 'redis'])('Dead letters on %s', (provider) => {
  let redis: TestRedis | null = null;
  let fixture: DeadLetterFixture;

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
  });
  beforeEach(async () => {
    fixture = new DeadLetterFixture(provider, redis);
    await fixture.work('mail', 'push');
  });
  afterEach(() => fixture.close());
  afterAll(() => redis?.stop());

  const refused = ['connect ECONNREFUSED 10.0.0.7:25'];
  const completed = async (queue: string, count: number): Promise<unknown> =>
    waitUntil(
      async () => (await fixture.queues.get(queue).queue.getCompletedCount()) === count,
      `${count} completed`,
    );

  it('shows a letter with its payload and its whole history', async () => {
    const [id = ''] = await fixture.deaths('mail', [{ errors: ['first', 'second', 'third'] }]);
    const letter = await fixture.deadLetters.get('mail', id);
    expect(letter).toMatchObject({
      queue: 'mail',
      job: 'send',
      id,
      payload: { errors: ['first', 'second', 'third'] },
      attempts: 3,
      error: 'TypeError',
      reason: 'third',
      cancelled: null,
      replays: [],
      correlationId: 'c-1',
    });
    expect(letter.failures.map(({ attempt, message }) => [attempt, message])).toEqual([
      [1, 'first'],
      [2, 'second'],
      [3, 'third'],
    ]);
    expect(letter.firstFailedAt).toBe(letter.failures[0]?.at);
    expect(letter.lastFailedAt).toBeGreaterThanOrEqual(letter.firstFailedAt);
  });

  it('tells a letter from other jobs', async () => {
    await expect(fixture.deadLetters.get('mail', 'm_nothing')).rejects.toThrow(JobNotFoundError);
    await expect(fixture.deadLetters.get('post', 'x')).rejects.toThrow(UnknownQueueError);
    const { queue } = fixture.queues.get('mail');
    const job = await queue.add('send', {}, { delay: 60_000 });
    await expect(fixture.deadLetters.get('mail', String(job.id))).rejects.toThrow(/it is delayed/);
    await expect(fixture.deadLetters.replay('mail', String(job.id), 'ann')).rejects.toThrow(JobStateError);
    await expect(fixture.deadLetters.discard('mail', String(job.id))).rejects.toThrow(JobStateError);
    expect(await queue.getDelayedCount()).toBe(1);
  });

  it('lists by pages, newest first over all queues, while letters come and go', async () => {
    const mails = await fixture.deaths(
      'mail',
      Array.from({ length: 7 }, () => ({ errors: refused })),
    );
    await clockPasses();
    const pushes = await fixture.deaths(
      'push',
      Array.from({ length: 6 }, () => ({ errors: refused })),
    );
    const first = await fixture.deadLetters.list({ limit: 5 });
    expect(first.letters).toHaveLength(5);
    expect(first.letters.every(({ queue }) => queue === 'push')).toBe(true);
    // Between the pages some that were seen leave, and new ones arrive.
    for (const { id } of first.letters.slice(0, 3)) await fixture.deadLetters.discard('push', id);
    await clockPasses();
    await fixture.deaths('mail', [{ errors: ['new'] }]);
    const seen = [...first.letters];
    for (let cursor = first.nextCursor; cursor !== null;) {
      const page = await fixture.deadLetters.list({ limit: 5, cursor });
      seen.push(...page.letters);
      cursor = page.nextCursor;
    }
    const times = seen.map(({ lastFailedAt }) => lastFailedAt);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(new Set(seen.map(({ id }) => id))).toEqual(new Set([...mails, ...pushes]));
  });

  it('goes on behind a letter that is gone by then', async () => {
    for (let i = 0; i < 6; i++) {
      await fixture.deaths('mail', [{ errors: [`error ${i}`] }]);
      await clockPasses();
    }
    const first = await fixture.deadLetters.list({ queue: 'mail', limit: 2 });
    await fixture.deadLetters.discard('mail', first.letters[1]?.id ?? '');
    const second = await fixture.deadLetters.list({
      queue: 'mail',
      limit: 10,
      cursor: first.nextCursor ?? undefined,
    });
    expect(second.letters.map(({ reason }) => reason)).toEqual(['error 3', 'error 2', 'error 1', 'error 0']);
    expect(second.nextCursor).toBeNull();
  });

  it('filters by queue, job name, error text, dates and cancellation', async () => {
    const [old = ''] = await fixture.deaths('mail', [{ errors: ['Mailbox full'] }]);
    const { lastFailedAt } = await fixture.deadLetters.get('mail', old);
    await clockPasses();
    const [confirm = ''] = await fixture.deaths('mail', [{ errors: ['mailbox FULL again'], job: 'confirm' }]);
    const [push = ''] = await fixture.deaths('push', [{ errors: ['token gone'] }]);
    const { queue, broker } = fixture.queues.get('push');
    const waiting = await queue.add('send', {}, { delay: 60_000 });
    await broker.cancel(queue, String(waiting.id), 'not needed');
    const ids = async (filter: object): Promise<string[]> =>
      (await fixture.deadLetters.list(filter)).letters.map(({ id }) => id).sort();
    expect(await ids({ error: 'mailbox full' })).toEqual([old, confirm].sort());
    expect(await ids({ error: 'typeerror: token' })).toEqual([push]);
    expect(await ids({ job: 'confirm' })).toEqual([confirm]);
    expect(await ids({ queue: ['push'], cancelled: false })).toEqual([push]);
    expect(await ids({ cancelled: true })).toEqual([String(waiting.id)]);
    expect(await ids({ to: lastFailedAt })).toEqual([old]);
    expect(await ids({ from: new Date(lastFailedAt + 1), queue: 'mail' })).toEqual([confirm]);
    expect(await ids({ from: lastFailedAt, to: lastFailedAt })).toEqual([old]);
  });

  it.each([
    [{ limit: 0 }, 'limit'],
    [{ limit: 5_000 }, 'limit'],
    [{ cursor: 'nonsense' }, 'cursor'],
    [{ queue: 'post' }, 'queue'],
    [{ from: new Date('nonsense') }, 'from'],
    [{ from: 2, to: 1 }, 'from'],
  ])('refuses %j', async (query, path) => {
    const error: unknown = await fixture.deadLetters.list(query).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidJobOptionsError);
    expect((error as InvalidJobOptionsError).issues[0]?.path).toBe(path);
  });

  it('counts by queue, job and kind of error', async () => {
    await fixture.deaths('mail', [
      { errors: ['no route to host 10.0.0.1'] },
      { errors: ['no route to host 10.0.0.2'] },
      { errors: ['mailbox 7c1b0e0e-98c7-4c0e-8c55-0f61b0f9a9d1 full'], job: 'confirm' },
    ]);
    await clockPasses();
    await fixture.deaths('push', [{ errors: ['no route to host 10.0.0.3'] }]);
    const stats = await fixture.deadLetters.stats();
    expect(stats).toMatchObject({ total: 4, complete: true, unreadable: 0 });
    expect(stats.queues).toEqual({
      mail: { total: 3, jobs: { send: 2, confirm: 1 }, errors: { TypeError: 3 } },
      push: { total: 1, jobs: { send: 1 }, errors: { TypeError: 1 } },
    });
    expect(stats.errors.map(({ message, count, queues }) => [message, count, queues])).toEqual([
      ['no route to host …', 3, ['mail', 'push']],
      ['mailbox … full', 1, ['mail']],
    ]);
    expect(stats.errors[0]?.newestMessage).toBe('no route to host 10.0.0.3');
    const bounded = await fixture.deadLetters.stats({ queue: 'mail', maxScanned: 2 });
    expect(bounded).toMatchObject({ total: 2, complete: false });
  });

  it('replays one: it runs again with all attempts, and remembers who asked', async () => {
    const [id = ''] = await fixture.deaths('mail', [{ errors: ['a', 'b', 'c', 'd', 'e'] }]);
    await fixture.deadLetters.replay('mail', id, 'ann');
    await waitUntil(
      async () => (await fixture.queues.get('mail').queue.getFailedCount()) === 1,
      'it to die again',
    );
    const letter = await fixture.deadLetters.get('mail', id);
    expect(letter.attempts).toBe(2);
    expect(letter.replays).toEqual([{ at: expect.any(Number) as number, by: 'ann' }]);
    expect(letter.failures.map(({ message }) => message)).toEqual(['a', 'b', 'c', 'd', 'e']);
    await fixture.deadLetters.replay('mail', id, 'bob');
    await completed('mail', 1);
  });

  it('replays by filter, dry first, in batches, and leaves cancelled ones out', async () => {
    await fixture.deaths(
      'mail',
      Array.from({ length: 25 }, () => ({ errors: refused })),
    );
    await fixture.deaths('mail', [{ errors: ['mailbox full'] }]);
    const { queue, broker } = fixture.queues.get('mail');
    const cancelled = await queue.add('send', {}, { delay: 60_000 });
    await broker.cancel(queue, String(cancelled.id), 'ECONNREFUSED is no reason');
    const filter = { error: 'econnrefused' };
    const plan = await fixture.deadLetters.replayMatching(filter, { by: 'ann', dryRun: true });
    expect(plan).toMatchObject({ dryRun: true, matched: 26, replayed: 25, skipped: 1, failed: 0 });
    expect(await queue.getFailedCount()).toBe(27);
    const report = await fixture.deadLetters.replayMatching(filter, { by: 'ann', batchSize: 4 });
    expect(report).toEqual({
      dryRun: false,
      matched: 26,
      replayed: 25,
      skipped: 1,
      failed: 0,
      problems: [],
      complete: true,
    });
    await completed('mail', 25);
    expect(await queue.getFailedCount()).toBe(2);
    const all = await fixture.deadLetters.replayAll({ by: 'ann', includeCancelled: true });
    expect(all).toMatchObject({ matched: 2, replayed: 2, skipped: 0 });
    await completed('mail', 27);
  });

  it('replays a letter once although it dies again at once, on workers whose clock is late', async () => {
    const errors = Array.from({ length: 3 }, () => 'still down');
    await fixture.deaths(
      'mail',
      Array.from({ length: 30 }, () => ({ errors })),
    );
    for (const id of fixture.runs.keys()) fixture.runs.set(id, 2);
    const ahead = jest.spyOn(fixture.broker, 'now').mockImplementation(() => Date.now() + 60_000);
    const report = await fixture.deadLetters.replayAll({ by: 'ann', batchSize: 3 });
    ahead.mockRestore();
    expect(report).toMatchObject({ matched: 30, replayed: 30, complete: true });
    await waitUntil(
      async () => (await fixture.queues.get('mail').queue.getFailedCount()) === 30,
      'all to die again',
    );
    expect([...fixture.runs.values()].every((runs) => runs === 3)).toBe(true);
  });

  it('lets two operators replay at the same time: each letter goes once', async () => {
    await fixture.deaths(
      'mail',
      Array.from({ length: 200 }, () => ({ errors: refused })),
    );
    const reports = await Promise.all(
      ['ann', 'bob'].map((by) => fixture.deadLetters.replayAll({ by, batchSize: 7 })),
    );
    expect(reports.reduce((sum, { replayed }) => sum + replayed, 0)).toBe(200);
    await completed('mail', 200);
    expect([...fixture.runs.values()].every((runs) => runs === 2)).toBe(true);
  });

  it('stops between batches when asked', async () => {
    await fixture.deaths(
      'mail',
      Array.from({ length: 5 }, () => ({ errors: refused })),
    );
    const report = await fixture.deadLetters.replayAll({ by: 'ann', signal: AbortSignal.abort() });
    expect(report).toMatchObject({ replayed: 0, complete: false });
  });

  it.each([
    [{ by: '' }, 'by'],
    [{ by: 'ann', batchSize: 0 }, 'batchSize'],
    [{ by: 'ann', batchSize: 1.5 }, 'batchSize'],
  ])('refuses to replay with %j', async (options, path) => {
    const error: unknown = await fixture.deadLetters.replayAll(options).catch((thrown: unknown) => thrown);
    expect((error as InvalidJobOptionsError).issues[0]?.path).toBe(path);
  });

  it('discards one and by filter', async () => {
    const [id = ''] = await fixture.deaths('mail', [{ errors: refused }]);
    await fixture.deaths('mail', [{ errors: refused }, { errors: ['mailbox full'] }]);
    await fixture.deadLetters.discard('mail', id);
    await expect(fixture.deadLetters.get('mail', id)).rejects.toThrow(JobNotFoundError);
    expect(await fixture.deadLetters.discardMatching({ error: 'econn' }, { dryRun: true })).toMatchObject({
      matched: 1,
      discarded: 1,
    });
    expect(await fixture.deadLetters.discardMatching({ error: 'econn' })).toMatchObject({ discarded: 1 });
    const { letters } = await fixture.deadLetters.list();
    expect(letters.map(({ reason }) => reason)).toEqual(['mailbox full']);
  });

  it('reads two thousand letters page by page without reading them all at once', async () => {
    await fixture.manyDeaths('mail', 2_000);
    const read = jest.spyOn(fixture.queues.get('mail').broker, 'readFailed');
    const asked = (name: string): number[] =>
      read.mock.calls.filter(([queue]) => queue.name === name).map(([, { size }]) => size);
    const page = await fixture.deadLetters.list({ limit: 20 });
    expect(page.letters).toHaveLength(20);
    expect(Math.max(...asked('mail'))).toBeLessThanOrEqual(500);
    expect(asked('mail').reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(100);
    read.mockClear();
    await fixture.deadLetters.list({ limit: 500 });
    // A queue without letters is asked once, not once per letter of the others.
    expect(asked('push').length).toBeLessThanOrEqual(2);
    read.mockRestore();
    const report = await fixture.deadLetters.replayAll({ by: 'ann' });
    expect(report).toMatchObject({ matched: 2_000, replayed: 2_000 });
    await completed('mail', 2_000);
  });
});
