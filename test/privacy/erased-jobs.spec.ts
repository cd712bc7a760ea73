import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeadLetterService } from '../../src/message-queue/operations/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { SEALED_FIELD } from '../../src/message-queue/jobs/sealing/payload-seal.js';
import type { TraceTarget } from '../../src/message-queue/ports/index.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { ErasedJobsStage, NOTES } from './erased-jobs.fixture.js';
import type { JobsInAllStates } from './erased-jobs.fixture.js';

const SHREDDED = { 'mq:ended': 'shredded' };
const { signal } = new AbortController();
const conversation = (conversationId: string): TraceTarget => ({ kind: 'conversation', conversationId });
const ALL = 10_000;
const ALL_STATES = {
  ...{ done: 'completed', dead: 'failed', active: 'active', waiting: 'paused', delayed: 'delayed' },
  planned: 'delayed',
};

describe.each(['memory', 'redis'] as const)('Jobs of a conversation that is erased, on %s', (provider) => {
  let redis: TestRedis | null = null;
  let stage: ErasedJobsStage;
  let options: MessageQueueModuleOptions;

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
  });
  beforeEach(async () => {
    const place = redis === null ? {} : { redis: { url: redis.url }, prefix: `erased-${randomUUID()}` };
    options = { provider, ...place };
    stage = new ErasedJobsStage();
    await stage.start(options);
  });
  afterEach(async () => {
    stage.release();
    await stage.close();
  });
  afterAll(() => redis?.stop());

  it('end as shredded when they run after its keys were destroyed, also when replayed, with their schedule', async () => {
    const [ours, others] = (await stage.addAll('c-1', 'c-2')) as [JobsInAllStates, JobsInAllStates];
    const before = stage.seen.began.length;
    const retried = stage.seen.retried.length;
    await stage.destroyKeys('c-1');
    for (const id of [ours.delayed, ours.planned, others.planned]) await (await stage.job(id))?.promote();
    await stage.app.get(DeadLetterService).replay(NOTES.name, ours.dead, 'ann');
    stage.release();
    await stage.queue.resume();
    const toRun = [ours.waiting, ours.delayed, ours.planned, ours.dead];
    for (const id of toRun) {
      await stage.untilState(id, 'completed');
      expect((await stage.job(id))?.returnvalue).toEqual(SHREDDED);
    }
    // It was opened before; nobody opens what it left.
    await stage.untilState(ours.active, 'completed');
    expect(Object.keys((await stage.job(ours.active))?.returnvalue as object)).toEqual([SEALED_FIELD]);
    for (const id of [others.waiting, others.planned]) await stage.untilState(id, 'completed');
    await waitUntil(() => stage.outcomes(...toRun).flat().length >= 5, 'the ends');
    expect(stage.outcomes(...toRun)).toEqual([
      ['shredded'],
      ['shredded'],
      ['shredded'],
      ['dead-letter', 'shredded'],
    ]);
    expect(stage.seen.began).toHaveLength(before + 2);
    expect(stage.seen.retried).toHaveLength(retried);
    expect(await stage.queue.getFailedCount()).toBe(1);
    expect((await stage.schedules()).map(({ conversationId }) => conversationId)).toEqual(['c-2']);
  });

  it('are counted and removed in every state, and none of another', async () => {
    const [ours, others] = (await stage.addAll('c-1', 'c-2')) as [JobsInAllStates, JobsInAllStates];
    const { traces } = stage;
    expect(await stage.statesOf(ours)).toEqual(ALL_STATES);
    // One in each state, and the schedule.
    expect(await traces.countTraces(conversation('c-1'), signal)).toBe(7);
    expect(await traces.eraseTraces(conversation('c-1'), ALL, signal)).toBe(7);
    expect(await traces.countTraces(conversation('c-1'), signal)).toBe(0);
    expect(await traces.eraseTraces(conversation('c-1'), ALL, signal)).toBe(0);
    expect(await stage.statesOf(ours)).toEqual({});
    expect(await stage.statesOf(others)).toEqual(ALL_STATES);
    expect((await stage.schedules()).map(({ conversationId }) => conversationId)).toEqual(['c-2']);
    expect(stage.seen.aborted).toEqual([expect.objectContaining({ code: 'ERASED', jobId: ours.active })]);
    expect(stage.outcomes(...Object.values<string>({ ...ours }))).toEqual([
      ['completed'],
      ['dead-letter'],
      ['shredded'],
      ['shredded'],
      ['shredded'],
      ['shredded'],
    ]);
    expect(await stage.queue.getFailedCount()).toBe(1);
  });

  it('are removed at most as many as asked for at a time', async () => {
    await stage.queue.pause();
    for (let n = 0; n < 5; n += 1) await stage.add({ conversationId: 'c-1' });
    for (const every of [3_600_000, 7_200_000])
      await stage.add({ conversationId: 'c-1' }, { repeat: { every } });
    const steps: number[] = [];
    do steps.push(await stage.traces.eraseTraces(conversation('c-1'), 1, signal));
    while (steps.at(-1) !== 0);
    expect(steps.slice(0, -1).every((step) => step === 1)).toBe(true);
    expect(await stage.traces.countTraces(conversation('c-1'), signal)).toBe(0);
    expect(await stage.queue.getDelayedCount()).toBe(0);
  });

  it('are found by a person, but for those of conversations under legal hold, and by a message', async () => {
    await stage.queue.pause();
    const about = async (note: object): Promise<string> => stage.add(note);
    const [free, held, none] = [
      await about({ authorId: 'ben', conversationId: 'c-1' }),
      await about({ authorId: 'ben', conversationId: 'c-2' }),
      await about({ authorId: 'ben' }),
    ];
    const [longer, other, named] = [
      await about({ authorId: 'ben-2', conversationId: 'ben' }),
      await about({ noteId: 'ben' }),
      await about({ noteId: 'n-"1"' }),
    ];
    const ben: TraceTarget = { kind: 'subject', subjectId: 'ben', exceptConversations: ['c-2'] };
    expect(await stage.traces.countTraces(ben, signal)).toBe(2);
    expect(await stage.traces.eraseTraces(ben, ALL, signal)).toBe(2);
    const left = async (...ids: string[]): Promise<boolean[]> =>
      Promise.all(ids.map(async (id) => (await stage.job(id)) !== null));
    expect(await left(free, held, none, longer, other, named)).toEqual([
      false,
      true,
      false,
      true,
      true,
      true,
    ]);
    expect(await stage.traces.eraseOfMessage('n-"1"', signal)).toBe(1);
    expect(await left(held, longer, other, named)).toEqual([true, true, true, false]);
    // So many ids that they are not looked for one by one.
    const many = Array.from({ length: 2_000 }, (_, n) => `none-${n}`);
    const messages: TraceTarget = { kind: 'messages', messageIds: [...many, 'ben'] };
    expect(await stage.traces.countTraces(messages, signal)).toBe(1);
    expect(await stage.traces.eraseTraces(messages, ALL, signal)).toBe(1);
    expect(await left(other, held, longer)).toEqual([false, true, true]);
  });

  it('are found by the deletion of their conversation, where they say that they were made before it', async () => {
    await stage.queue.pause();
    const made = async (conversationId: string, day: number): Promise<string> =>
      stage.add({ conversationId, createdAt: new Date(Date.UTC(2026, 0, day)).toISOString() });
    const [before, then, after] = [await made('c-1', 1), await made('c-1', 2), await made('c-1', 3)];
    const [others, unsaid] = [await made('c-2', 1), await stage.add({ conversationId: 'c-1' })];
    const target: TraceTarget = {
      kind: 'deletions',
      deletions: [{ conversationId: 'c-1', deletedAt: new Date(Date.UTC(2026, 0, 2)) }],
    };
    expect(await stage.traces.countTraces(target, signal)).toBe(2);
    expect(await stage.traces.eraseTraces(target, ALL, signal)).toBe(2);
    const ids = [before, then, after, others, unsaid];
    const left = await Promise.all(ids.map(async (id) => (await stage.job(id)) !== null));
    expect(left).toEqual([false, false, true, true, true]);
  });

  it('are not told as ended twice when they are removed while a worker takes them', async () => {
    await stage.queue.pause();
    const ids: string[] = [];
    for (let n = 0; n < 60; n += 1) ids.push(await stage.add({ conversationId: 'c-1' }));
    await stage.destroyKeys('c-1');
    await stage.queue.resume();
    await stage.traces.eraseTraces(conversation('c-1'), ALL, signal);
    await waitUntil(() => stage.outcomes(...ids).every(({ length }) => length > 0), 'the ends');
    expect(stage.outcomes(...ids)).toEqual(ids.map(() => ['shredded']));
  });
});

describe('A backup of Redis from before a conversation was erased', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mq-backup-'));
  const servers: TestRedis[] = [];

  afterAll(async () => {
    for (const server of servers) await server.stop();
    rmSync(directory, { recursive: true });
  });

  it('opens nothing of it when it is restored, and the rest', async () => {
    const prefix = `backup-${randomUUID()}`;
    const place = (server: TestRedis): MessageQueueModuleOptions => ({ redis: { url: server.url }, prefix });
    const server = await TestRedis.start();
    servers.push(server);
    const stage = new ErasedJobsStage();
    await stage.start({ ...place(server), autoStart: false });
    const ours = await stage.add({ conversationId: 'c-1' });
    const others = await stage.add({ conversationId: 'c-2' });
    await stage.add({ conversationId: 'c-1' }, { repeat: { every: 3_600_000 } });
    const { client } = stage.queue;
    await client.save();
    const [, from = ''] = (await client.config('GET', 'dir')) as string[];
    copyFileSync(join(from, 'dump.rdb'), join(directory, 'dump.rdb'));
    await stage.destroyKeys('c-1');
    await stage.traces.eraseTraces(conversation('c-1'), ALL, signal);
    await stage.close();
    const restored = await TestRedis.start(['--dir', directory]);
    servers.push(restored);
    const after = new ErasedJobsStage(stage.store);
    await after.start(place(restored));
    try {
      for (const id of [ours, others]) await after.untilState(id, 'completed');
      const [planned] = await after.queue.getDelayed();
      await planned?.promote();
      await after.untilState(String(planned?.id), 'completed');
      expect((await after.job(ours))?.returnvalue).toEqual(SHREDDED);
      expect((await after.job(String(planned?.id)))?.returnvalue).toEqual(SHREDDED);
      expect(after.seen.began).toEqual(['n-2']);
      expect(await after.schedules()).toEqual([]);
    } finally {
      await after.close();
    }
  });
});
