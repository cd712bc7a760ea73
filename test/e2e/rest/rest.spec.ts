import type { ProviderName } from '../../../src/message-queue/broker/broker.js';
import type {
  AuditList,
  ChangePlan,
  ChangeReport,
  DeadLetterGroups,
  DeadLetterList,
  JobDetail,
  JobList,
  LongOperation,
  Overview,
  Problem,
  QueueDetail,
  ScheduleList,
  WorkerList,
} from '../../../src/message-queue/operations/rest/answers.js';
import type { QueueHistory } from '../../../src/message-queue/monitoring/activity/queue-history.js';
import { TestRedis } from '../../support/redis-server.js';
import { clockPasses } from '../../support/clock-passes.js';
import { waitUntil } from '../../support/wait-until.js';
import { MessageQueueService } from '../../../src/message-queue/index.js';
import { NOTES, RestApp } from './rest.fixture.js';

describe.each([
  ['memory', 'express'],
  ['redis', 'fastify'],
] as const)('REST on %s and %s', (provider: ProviderName, platform) => {
  let redis: TestRedis | null = null;
  let rest: RestApp;

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
    rest = await RestApp.start(provider, redis, { platform });
  });
  afterEach(async () => {
    await Promise.all([rest.queue().resume(), rest.queue('chat_messages').resume()]);
    await rest.queue().clean(0, 'failed');
    await rest.queue().empty();
  });
  afterAll(async () => {
    await rest.close();
    await redis?.stop();
  });

  const NOTE = { payload: { text: 'a' } };

  it('answers what was always asked: health, stats, size and purge, key by key', async () => {
    const health = await rest.ask('health');
    expect(Object.keys(health)).toEqual(['healthy', 'provider', 'timestamp']);
    expect(health).toMatchObject({ healthy: true, provider });
    const stats = await rest.ask('stats');
    expect(Object.keys(stats)).toEqual([
      ...['totalMessages', 'pendingMessages', 'processingMessages', 'completedMessages', 'failedMessages'],
      ...['avgProcessingTime', 'queues', 'provider', 'healthy'],
    ]);
    expect(stats['queues']).toEqual(['notes', 'chat_messages']);
    expect((await rest.ask('stats?queueName=chat_messages'))['queues']).toEqual(['chat_messages']);
    await rest.queue('chat_messages').pause();
    await rest.queue('chat_messages').add('say', { text: 'a' });
    expect(await rest.ask('size/chat_messages')).toEqual({ queueName: 'chat_messages', size: 1 });
    expect(await rest.send('DELETE', 'purge/chat_messages')).toEqual({
      queueName: 'chat_messages',
      removed: 1,
    });
  });

  it('answers the main seed’s two addresses', async () => {
    const metrics = await (await rest.fetch('/queue/metrics')).json();
    expect(metrics).toMatchObject({ queues: { notes: { waiting: 0 } }, totals: { waiting: 0 } });
    const health = await rest.fetch('/queue/health?queue=notes');
    expect([health.status, await health.json()]).toMatchObject([200, { queue: 'notes', healthy: true }]);
    expect(await (await rest.fetch('/queue/health')).json()).toMatchObject({ status: 'healthy' });
    expect((await rest.fetch('/queue/health?queue=nots')).status).toBe(404);
    expect((await rest.fetch('/queue/health', { method: 'POST' })).status).toBe(405);
  });

  it('adds a job, once for each key, and says which', async () => {
    const headers = {
      'idempotency-key': 'k-1',
      'x-correlation-id': 'c-1',
      'content-type': 'application/json',
    };
    const add = async (): Promise<Record<string, unknown>> => {
      const answer = await rest.fetch('/api/queue/enqueue/notes/write', {
        ...{ method: 'POST', headers, body: JSON.stringify({ ...NOTE, priority: 8 }) },
      });
      expect(answer.status).toBe(202);
      return (await answer.json()) as Record<string, unknown>;
    };
    const first = await add();
    expect(first).toEqual({ messageId: first['messageId'], queueName: 'notes', deduplicated: false });
    expect(await add()).toEqual({ ...first, deduplicated: true });
    const detail = await rest.ask<JobDetail>(`jobs/notes/${String(first['messageId'])}`);
    expect(detail).toMatchObject({
      priority: 8,
      correlationId: 'c-1',
      payload: { text: 'a' },
      isSealed: false,
    });
    await waitUntil(
      async () => (await rest.ask<JobDetail>(`jobs/notes/${detail.id}`)).state === 'completed',
      'it',
    );
    const done = await rest.ask<JobDetail>(`jobs/notes/${detail.id}`);
    expect([done.result, done.runs.map(({ kind }) => kind)]).toEqual(['written', ['completed']]);
  });

  it.each<[string, unknown, number, string, string | undefined]>([
    ['enqueue/notes/write', { payload: { text: 1, more: 2 } }, 400, 'INVALID_PAYLOAD', 'more'],
    ['enqueue/notes/write', {}, 400, 'INVALID_REQUEST', 'payload'],
    ['enqueue/notes/write', { ...NOTE, priorty: 1 }, 400, 'INVALID_REQUEST', 'priorty'],
    ['enqueue/notes/write', { ...NOTE, priority: 11 }, 400, 'INVALID_REQUEST', 'priority'],
    ['enqueue/notes/write', [], 400, 'INVALID_REQUEST', 'body'],
    ['enqueue/nots/write', NOTE, 404, 'UNKNOWN_QUEUE', undefined],
    ['enqueue/notes/constructor', NOTE, 404, 'UNKNOWN_JOB_NAME', undefined],
    ['queues/nots/pause', {}, 404, 'UNKNOWN_QUEUE', undefined],
    ['jobs/notes/nobody/cancel', {}, 404, 'JOB_NOT_FOUND', undefined],
    ['jobs/notes/nobody/retry', {}, 404, 'JOB_NOT_FOUND', undefined],
    ['dead-letters/replay', { filter: { quee: 'notes' } }, 400, 'INVALID_REQUEST', 'filter.quee'],
    ['dead-letters/replay', { filter: { queue: 'nots' } }, 400, 'INVALID_JOB_OPTIONS', 'queue'],
    ['dead-letters/replay', { dryRun: false }, 400, 'INVALID_REQUEST', 'until'],
    ['dead-letters/discard', { dryRun: false, until: 1, matched: 0 }, 400, 'INVALID_REQUEST', 'reason'],
    ['schedules/notes%7Cnightly/run', {}, 404, 'SCHEDULE_NOT_FOUND', undefined],
    ['schedules/nightly/run', {}, 404, 'SCHEDULE_NOT_FOUND', undefined],
  ])('refuses POST %s %j: %i %s', async (path, body, status, code, field) => {
    const problem = await rest.send<Problem>('POST', path, body, status);
    expect([problem.code, problem.status]).toEqual([code, status]);
    if (field !== undefined) expect(problem.issues?.map((issue) => issue.path)).toContain(field);
    expect(JSON.stringify(problem)).not.toContain(' at ');
  });

  it.each([
    ['jobs?stat=waiting', 400, 'stat'],
    ['jobs?limit=0', 400, 'limit'],
    ['jobs?limit=201', 400, 'limit'],
    ['jobs?limit=10&limit=20', 400, 'limit'],
    ['jobs?cursor=nonsense', 400, 'cursor'],
    ['jobs?state=wating', 400, 'state'],
    ['dead-letters?from=yesterday', 400, 'from'],
    ['dead-letters?payload=user.id', 400, 'payload'],
    ['stats?queueName=nots', 404, undefined],
    ['size/nots', 404, undefined],
    ['jobs/notes/nobody', 404, undefined],
    ['operations/nobody', 404, undefined],
  ])('refuses GET %s: %i', async (path, status, field) => {
    const problem = await rest.ask<Problem>(path, status);
    if (field !== undefined) expect(problem.issues?.map((issue) => issue.path)).toEqual([field]);
    expect(problem.detail).not.toBe('');
  });

  it('says what was probably meant', async () => {
    const problem = await rest.ask<Problem>('jobs?stat=waiting', 400);
    expect(problem.issues?.[0]?.message).toContain('Did you mean "state"?');
  });

  it('answers to the methods of a path, and leaves paths that it does not have to the host', async () => {
    const wrong = await rest.fetch('/api/queue/stats', { method: 'POST' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET']);
    expect(wrong.headers.get('content-type')).toContain('application/problem+json');
    const init = { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } };
    const host = await rest.fetch('/api/queue/enqueue/chat', init);
    expect([host.status, await host.json()]).toEqual([201, { host: { a: 1 } }]);
    expect((await rest.fetch('/api/queue/nothing')).status).toBe(404);
    expect((await rest.fetch('/api/queue/jobs/%ff')).status).toBeGreaterThanOrEqual(400);
    const head = await rest.fetch('/api/queue/stats', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const cut = await rest.fetch('/api/queue/dead-letters/replay', { ...init, body: '{"a":' });
    // On Express the host's own parser has seen it first.
    expect([cut.status, await cut.json()]).toMatchObject([
      400,
      platform === 'fastify' ? { code: 'INVALID_JSON' } : {},
    ]);
  });

  it('says of a full queue when to try again', async () => {
    await rest.queue('chat_messages').pause();
    const bulk = Array.from({ length: 500 }, () => ({ name: 'say', data: { text: 'a' } }));
    await rest.queue('chat_messages').addBulk(bulk);
    const answer = await rest.fetch('/api/queue/enqueue/chat_messages/say', {
      ...{ method: 'POST', body: JSON.stringify(NOTE), headers: { 'content-type': 'application/json' } },
    });
    expect([answer.status, ((await answer.json()) as Problem).code]).toEqual([429, 'QUEUE_FULL']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    await rest.send('DELETE', 'purge/chat_messages', { reason: 'test' });
  });

  it('moves 27 letters that a dry run counted, and not the one that failed since', async () => {
    await rest.deadNotes(27);
    const filter = { queue: 'notes' };
    const plan = await rest.send<ChangePlan>('POST', 'dead-letters/discard', { filter });
    expect(plan).toMatchObject({
      dryRun: true,
      matched: 27,
      byError: { TypeError: 27 },
      byJob: { write: 27 },
    });
    expect(plan.sample).toHaveLength(5);
    await clockPasses();
    await rest.deadNotes(1, 'late');
    const { until } = plan;
    const change = { filter, dryRun: false, until, reason: 'Ticket 4711!' };
    const less = await rest.send<Problem>('POST', 'dead-letters/discard', { ...change, matched: 26 }, 409);
    expect(less.code).toBe('MORE_MATCHED');
    const report = await rest.send<ChangeReport>('POST', 'dead-letters/discard', { ...change, matched: 27 });
    expect(report).toEqual({ dryRun: false, moved: 27, gone: 0, failed: [], left: 0 });
    const { letters } = await rest.ask<DeadLetterList>('dead-letters?queue=notes');
    expect(letters.map(({ text }) => text)).toEqual(['late']);
  });

  it('puts letters into groups, and lists one of them page by page', async () => {
    await rest.deadNotes(3, 'no route to 10.0.0.1', 7);
    await rest.deadNotes(2, 'mailbox "ann" is full');
    const { groups, looked, of } = await rest.ask<DeadLetterGroups>('dead-letters/groups');
    expect([looked, of, groups.map(({ text, letters }) => [text, letters])]).toEqual([
      ...[5, 5],
      [
        ['no route to …', 3],
        ['mailbox … is full', 2],
      ],
    ]);
    const key = groups[0]?.key ?? '';
    const seen: string[] = [];
    let page = await rest.ask<DeadLetterList>(`dead-letters?group=${key}&limit=2`);
    const { cursor } = page;
    seen.push(...page.letters.map(({ id }) => id));
    page = await rest.ask<DeadLetterList>(`dead-letters?group=${key}&limit=2&cursor=${cursor ?? ''}`);
    seen.push(...page.letters.map(({ id }) => id));
    expect([new Set(seen).size, page.cursor]).toEqual([3, null]);
    // A cursor fits its own question, and as it was given.
    await rest.ask(`dead-letters?limit=2&cursor=${cursor ?? ''}`, 400);
    const changed = (cursor ?? '').replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    await rest.ask(`dead-letters?group=${key}&cursor=${changed}`, 400);
    expect((await rest.ask<DeadLetterList>('dead-letters?payload=user%20%3D%207')).letters).toHaveLength(3);
    expect((await rest.ask<DeadLetterList>('dead-letters?job=write&job=print')).letters).toHaveLength(5);
  });

  it('finds, retries, cancels and removes single jobs', async () => {
    await rest.deadNotes(1, 'once');
    const { jobs } = await rest.ask<JobList>('jobs?state=failed');
    const [{ id } = { id: '' }] = jobs;
    const detail = await rest.ask<JobDetail>(`jobs/notes/${id}`);
    expect(detail.runs).toMatchObject([{ attempt: 1, kind: 'error', error: 'TypeError', text: 'once' }]);
    expect(await rest.send('POST', `jobs/notes/${id}/retry`)).toMatchObject({ outcome: 'replayed' });
    await waitUntil(
      async () => (await rest.ask<JobDetail>(`jobs/notes/${id}`)).state === 'failed',
      'it again',
    );
    expect((await rest.ask<JobDetail>(`jobs/notes/${id}`)).replays).toMatchObject([{ by: 'local' }]);
    expect(await rest.send('DELETE', `jobs/notes/${id}`, { reason: 'old' })).toMatchObject({
      outcome: 'removed',
    });
    await rest.ask(`jobs/notes/${id}`, 404);
    await rest.send('POST', 'queues/notes/pause', { reason: 'Maintenance' });
    const waiting = await rest.queue().add('write', { text: 'needle' });
    expect((await rest.ask<JobList>('jobs?q=NEEDLE')).jobs.map((job) => job.id)).toEqual([waiting.id]);
    await rest.send('POST', `jobs/notes/${String(waiting.id)}/retry`, {}, 409);
    const { entries } = await rest.ask<{ entries: object[] }>('audit?limit=1');
    expect(entries).toMatchObject([{ action: 'replay', outcome: 'failed', count: null }]);
    expect(await rest.send('POST', `jobs/notes/${String(waiting.id)}/cancel`)).toMatchObject({
      outcome: 'removed',
    });
    expect(await rest.ask<JobDetail>(`jobs/notes/${String(waiting.id)}`)).toMatchObject({ state: 'failed' });
    await rest.send('POST', `jobs/notes/${String(waiting.id)}/cancel`, {}, 409);
    expect(await rest.send('POST', 'queues/notes/resume')).toEqual({ queue: 'notes', isPaused: false });
  });

  it('goes on by itself where a change is long, says how far it is, and stops when asked', async () => {
    await rest.deadNotes(40);
    const plan = await rest.send<ChangePlan>('POST', 'dead-letters/discard', {});
    const { until, matched } = plan;
    const call = { dryRun: false, until, matched, reason: 'old', perSecond: 3 };
    const begun = await rest.send<LongOperation>('POST', 'dead-letters/discard', call, 202);
    expect(begun).toMatchObject({ action: 'discard', state: 'running', by: 'local', matched: 40 });
    const now = (): Promise<LongOperation> => rest.ask<LongOperation>(`operations/${begun.id}`);
    await waitUntil(async () => (await now()).moved > 0, 'some to move');
    await rest.send('DELETE', `operations/${begun.id}`);
    await waitUntil(async () => (await now()).state === 'stopped', 'it to stop');
    const { moved, gone } = await now();
    expect([moved > 0 && moved < 40, gone]).toEqual([true, 0]);
    expect(await rest.queue().getFailedCount()).toBe(40 - moved);
    const { entries } = await rest.ask<{ entries: { target: string; outcome: string; by: string }[] }>(
      'audit',
    );
    const own = entries.filter(({ target }) => target.includes(begun.id)).map(({ outcome }) => outcome);
    expect(own).toEqual(['stopped', 'done', 'begun']);
  });

  it('shows the fleet at one look, and what was just changed', async () => {
    await rest.deadNotes(2);
    const before = await rest.ask<Overview>('overview');
    expect(before).toMatchObject({
      ...{ operator: { name: 'local', role: 'operator' }, environment: 'development', hours: 6 },
      ...{ boardUrl: '/admin/queues', server: { provider, reachable: true } },
      deadLetters: { looked: 2, of: 2, groups: [{ text: 'no route to …', letters: 2 }] },
    });
    expect(before.queues.map(({ queue }) => queue)).toEqual(['notes', 'chat_messages']);
    expect(before.queues[0]).toMatchObject({ dead: 2, slots: 20, workers: 1, isPaused: false });
    expect(before.queues[0]?.trend).toHaveLength(40);
    expect([before.history.step, before.history.points.length]).toEqual([1, 360]);
    expect(before.totals).toMatchObject({ dead: 2, workers: 1, producers: 0, lost: 0 });
    expect(before.totals.newDead).toBeGreaterThanOrEqual(2);
    await rest.send('POST', 'queues/notes/pause');
    expect((await rest.ask<Overview>('overview?hours=24')).queues[0]).toMatchObject({ isPaused: true });
    await rest.ask('overview?hours=0', 400);
    await rest.ask('overview?hours=100', 400);
    const detail = await rest.ask<QueueDetail>('queues/notes');
    expect(detail).toMatchObject({
      queue: { queue: 'notes', dead: 2 },
      announced: { name: 'notes', concurrency: 20 },
    });
    expect([detail.workers.length, detail.jobs[0]?.job]).toEqual([1, 'write']);
    const history = await rest.ask<QueueHistory>('queues/notes/history?hours=1&stepMinutes=5&job=write');
    expect([history.points.length, history.job]).toEqual([12, 'write']);
    expect(history.points.reduce((sum, { dead }) => sum + dead, 0)).toBeGreaterThanOrEqual(2);
    const { workers } = await rest.ask<WorkerList>('workers');
    expect(workers).toMatchObject([{ pid: process.pid, state: 'alive', role: 'both' }]);
    await rest.ask('queues/nots', 404);
    await rest.ask('queues/nots/history', 404);
  });

  it('runs, stops and starts a schedule', async () => {
    const { schedules } = rest.app.get(MessageQueueService);
    const times = { key: 'nightly', cron: '0 2 * * *', tz: 'UTC' };
    await schedules.upsert(NOTES, 'write', { text: 'a' }, times);
    const list = await rest.ask<ScheduleList>('schedules?queue=notes');
    expect(list.schedules).toMatchObject([{ queue: 'notes', key: 'nightly', state: 'planned' }]);
    const path = `schedules/${encodeURIComponent('notes|nightly')}`;
    expect(await rest.send('POST', `${path}/pause`)).toMatchObject({ state: 'paused' });
    expect(await rest.send('POST', `${path}/resume`)).toMatchObject({ state: 'planned' });
    const run = await rest.send('POST', `${path}/run`, {}, 202);
    expect(run).toMatchObject({ queueName: 'notes', deduplicated: false });
    await waitUntil(
      async () => (await rest.ask<JobDetail>(`jobs/notes/${String(run['messageId'])}`)).state === 'completed',
      'the run',
    );
    const { entries } = await rest.ask<AuditList>('audit?limit=1');
    expect(entries).toMatchObject([{ action: 'run', by: 'local', outcome: 'done', via: 'rest' }]);
    await schedules.remove('notes', 'nightly');
  });

  it('lists alerts, and mutes one for a while', async () => {
    expect(await rest.ask('alerts')).toEqual({ alerts: [] });
    const muted = await rest.send('POST', 'alerts/NoWorker%7Cnotes/mute', { minutes: 30 });
    expect(muted).toMatchObject({ id: 'NoWorker|notes', mutedBy: 'local' });
    expect(await rest.send('POST', 'alerts/NoWorker%7Cnotes/mute', { minutes: 0 })).toMatchObject({
      mutedUntil: null,
    });
    await rest.send('POST', 'alerts/Nothing/mute', { minutes: 30 }, 400);
    await rest.send('POST', 'alerts/NoWorker%7Cnotes/mute', {}, 400);
  });

  it('describes itself', async () => {
    const description = await rest.ask<{ paths: Record<string, Record<string, { 'x-role': string }>> }>(
      'openapi.json',
    );
    expect(description.paths['/jobs/{queue}/{id}/cancel']?.['post']?.['x-role']).toBe('operator');
    expect(Object.keys(description.paths)).toContain('/dead-letters/groups');
  });
});
