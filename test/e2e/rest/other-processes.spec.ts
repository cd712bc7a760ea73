import { defineQueue } from '../../../src/message-queue/jobs/queue-definition.js';
import { MessageQueueModule } from '../../../src/message-queue/message-queue.module.js';
import type {
  ChangePlan,
  ChangeReport,
  DeadLetterGroups,
  DeadLetterList,
  EnqueuedJob,
  JobDetail,
  JobList,
  LongOperation,
  Overview,
  Problem,
  QueueDetail,
} from '../../../src/message-queue/operations/rest/answers.js';
import type { QueueHistory } from '../../../src/message-queue/monitoring/activity/queue-history.js';
import { TestRedis } from '../../support/redis-server.js';
import { waitUntil } from '../../support/wait-until.js';
import { NOTES, RestApp } from './rest.fixture.js';

const WEB = defineQueue({ ...NOTES, name: 'web-only' });

describe.each([
  ['one queue of its own', [MessageQueueModule.registerQueue(WEB)]],
  ['no queue at all', []],
])('a web process with %s, and the queues that a worker has registered', (_what, imports) => {
  let redis: TestRedis;
  let worker: RestApp;
  let web: RestApp;

  beforeAll(async () => {
    redis = await TestRedis.start();
    const prefix = 'two-apps';
    worker = await RestApp.start('redis', redis, { prefix });
    web = await RestApp.start('redis', redis, { prefix, role: 'producer', hasNotes: false, imports });
  });
  afterEach(() => worker.queue().clean(0, 'failed'));
  afterAll(async () => {
    await Promise.all([web.close(), worker.close()]);
    await redis.stop();
  });

  it('shows them on the first page, each by itself, and what they did', async () => {
    await worker.deadNotes(3);
    // Who is asked tells first what it did.
    await worker.ask('queues/notes');
    // What the web process has seen before that may be a second old.
    const sees = async (): Promise<boolean> => (await web.ask<Overview>('overview')).totals.dead === 3;
    await waitUntil(sees, 'the web process to see the letters');
    const { queues, deadLetters, totals, status } = await web.ask<Overview>('overview');
    expect(queues.map(({ queue }) => queue).sort()).toEqual(
      ['chat_messages', 'notes', ...(imports.length > 0 ? ['web-only'] : [])].sort(),
    );
    expect(queues.find(({ queue }) => queue === 'notes')).toMatchObject({ dead: 3, slots: 20, workers: 1 });
    expect(deadLetters).toMatchObject({ looked: 3, groups: [{ queue: 'notes', letters: 3 }] });
    expect([totals.dead, totals.workers, status]).toEqual([3, 1, expect.any(String)]);
    const detail = await web.ask<QueueDetail>('queues/notes');
    expect(detail).toMatchObject({ announced: { name: 'notes' }, queue: { dead: 3 } });
    const { points } = await web.ask<QueueHistory>('queues/notes/history?hours=1');
    expect(points.reduce((sum, point) => sum + point.dead, 0)).toBeGreaterThanOrEqual(3);
    expect(await web.ask('size/notes')).toEqual({ queueName: 'notes', size: 0 });
    expect((await web.ask<Problem>('queues/nots', 404)).detail).toContain('nots');
  });

  it('finds jobs and dead letters, replays and discards them', async () => {
    await worker.deadNotes(4, 'no route to 10.0.0.1', 7);
    const { letters } = await web.ask<DeadLetterList>('dead-letters?queue=notes&payload=user%20%3D%207');
    expect(letters).toHaveLength(4);
    const id = letters[0]?.id ?? '';
    expect(await web.ask<JobDetail>(`jobs/notes/${id}`)).toMatchObject({ payload: { user: 7 } });
    expect((await web.ask<JobList>(`jobs?id=${id}`)).jobs).toMatchObject([{ queue: 'notes', id }]);
    const [group] = (await web.ask<DeadLetterGroups>('dead-letters/groups')).groups;
    const filter = { group: group?.key };
    const plan = await web.send<ChangePlan>('POST', 'dead-letters/replay', { filter });
    expect(plan.matched).toBe(4);
    const { until, matched } = plan;
    const replay = { filter, dryRun: false, until, matched };
    expect(await web.send<ChangeReport>('POST', 'dead-letters/replay', replay)).toMatchObject({ moved: 4 });
    await waitUntil(async () => (await worker.queue().getFailedCount()) === 4, 'they failed again');
    const again = await web.send<ChangePlan>('POST', 'dead-letters/discard', { filter });
    const discard = { filter, dryRun: false, until: again.until, matched: 4, reason: 'test' };
    expect(await web.send<ChangeReport>('POST', 'dead-letters/discard', discard)).toMatchObject({ moved: 4 });
    expect(await worker.queue().getFailedCount()).toBe(0);
  });

  it('pauses and resumes them, and adds jobs whose payload the worker checks', async () => {
    await web.send('POST', 'queues/notes/pause', {});
    expect(await worker.queue().isPaused()).toBe(true);
    const text = { payload: { text: 'a' } };
    const { messageId } = await web.send<EnqueuedJob>('POST', 'enqueue/notes/write', text, 202);
    expect((await web.send<Problem>('POST', 'enqueue/notes/writ', text, 404)).code).toBe('UNKNOWN_JOB_NAME');
    expect(await web.send('POST', 'enqueue/notes/write', { payload: 1 }, 400)).toMatchObject({
      issues: [{ path: 'payload' }],
    });
    await web.send('POST', 'queues/notes/resume', {});
    await waitUntil(async () => (await worker.queue().getJob(messageId))?.finishedOn !== undefined, 'it ran');
  });

  it('stops a long operation that runs in another process', async () => {
    const queue = worker.queue();
    await worker.deadNotes(400);
    const plan = await worker.send<ChangePlan>('POST', 'dead-letters/discard', {});
    const { until, matched } = plan;
    const call = { dryRun: false, until, matched, reason: 'test', perSecond: 20 };
    const begun = await worker.send<LongOperation>('POST', 'dead-letters/discard', call, 202);
    expect((await web.ask<LongOperation>(`operations/${begun.id}`)).state).toBe('running');
    await web.send('DELETE', `operations/${begun.id}`);
    const state = async (): Promise<string> =>
      (await worker.ask<LongOperation>(`operations/${begun.id}`)).state;
    await waitUntil(async () => (await state()) === 'stopped', 'it stopped', 20_000);
    expect(await queue.getFailedCount()).toBeGreaterThan(0);
    expect((await web.ask<LongOperation>(`operations/${begun.id}`)).state).toBe('stopped');
  });
});
