import type { JobDetail, JobList, Problem } from '../../../src/message-queue/operations/rest/answers.js';
import { ROUTES } from '../../../src/message-queue/operations/rest/routes/route-table.js';
import { TestRedis } from '../../support/redis-server.js';
import { waitUntil } from '../../support/wait-until.js';
import { Module } from '@nestjs/common';
import { JobHandler, MessageQueueModule, Processor } from '../../../src/message-queue/index.js';
import { defineQueue } from '../../../src/message-queue/jobs/queue-definition.js';
import { NOTES, NoteDto, RestApp } from './rest.fixture.js';

const SECRETS = defineQueue({ ...NOTES, name: 'secrets', jobs: { keep: NoteDto }, sealed: true });

@Processor(SECRETS.name)
class SecretsProcessor {
  @JobHandler(SECRETS, 'keep')
  keep(): void {
    return undefined;
  }
}

@Module({ imports: [MessageQueueModule.registerQueue(SECRETS)], providers: [SecretsProcessor] })
class SecretsModule {}

const post = (body: unknown): RequestInit => ({
  ...{ method: 'POST', body: JSON.stringify(body) },
  headers: { 'content-type': 'application/json' },
});

describe('REST and what not everybody may see', () => {
  let rest: RestApp | undefined;

  afterEach(() => rest?.close());

  it('shows no sealed payload, and searches none', async () => {
    rest = await RestApp.start('memory', null, { privacy: { sealing: 'on' }, imports: [SecretsModule] });
    await rest.send('POST', 'queues/secrets/pause');
    await rest.fetch('/api/queue/enqueue/secrets/keep', post({ payload: { text: 'needle' } }));
    const { jobs, looked } = await rest.ask<JobList>('jobs');
    expect([jobs.length, looked]).toEqual([1, 1]);
    const detail = await rest.ask<JobDetail>(`jobs/secrets/${jobs[0]?.id ?? ''}`);
    expect([detail.isSealed, detail.payload, detail.result]).toEqual([true, null, null]);
    expect((await rest.ask<JobList>('jobs?q=needle')).jobs).toEqual([]);
    const problem = await rest.ask<Problem>('dead-letters?queue=secrets&payload=text%20%3D%20a', 400);
    expect(problem.issues?.[0]?.path).toBe('payload');
  });

  it('shows what `redact` leaves, and finds nothing by what it hides', async () => {
    rest = await RestApp.start('memory', null, { board: { redact: () => ({ data: { text: 'hidden' } }) } });
    await rest.deadNotes(2, 'no', 42);
    const { jobs } = await rest.ask<JobList>('jobs?q=hidden');
    expect(jobs).toHaveLength(2);
    const detail = await rest.ask<JobDetail>(`jobs/notes/${jobs[0]?.id ?? ''}`);
    expect(detail.payload).toEqual({ text: 'hidden' });
    expect((await rest.ask<JobList>('jobs?q=user%20%3D%2042')).jobs).toEqual([]);
    const filter = { payload: 'user = 42' };
    expect(await rest.send('POST', 'dead-letters/replay', { filter })).toMatchObject({ matched: 0 });
  });

  it('lets viewers look at everything and change nothing', async () => {
    rest = await RestApp.start('memory', null, {
      ...{ environment: 'production', operations: { access: () => ({ name: 'ben', role: 'viewer' }) } },
    });
    await rest.deadNotes(1);
    const [{ id } = { id: '' }] = (await rest.ask<JobList>('jobs?state=failed')).jobs;
    const filled = (path: string): string =>
      path.replace(':queue', 'notes').replace(':job', 'write').replace(':id', id);
    for (const { method, path } of ROUTES) {
      if (method === 'GET') {
        const status = path.startsWith('operations/') ? 404 : 200;
        await rest.ask(filled(path), status);
      } else {
        const problem = await rest.send<Problem>(method, filled(path), {}, 403);
        expect([path, problem.code]).toEqual([path, 'VIEWER']);
      }
    }
    expect(await rest.queue().getFailedCount()).toBe(1);
  });

  it('needs a reason to empty a queue, but in development and test', async () => {
    rest = await RestApp.start('memory', null, {
      environment: 'production',
      operations: { access: () => ({ name: 'ann', role: 'operator' }) },
    });
    await rest.send<Problem>('DELETE', 'purge/chat_messages', undefined, 400);
    await rest.send<Problem>('DELETE', 'purge/chat_messages', { reason: '!' }, 400);
    await rest.send('DELETE', 'purge/chat_messages', { reason: 'Ticket 4711' });
  });
});

describe('REST while Redis is away', () => {
  it('says so, and when to try again; of an add that it may be sent again', async () => {
    const redis = await TestRedis.start();
    const app = await RestApp.start('redis', redis, { enqueueTimeoutMs: 500 });
    try {
      await redis.stop();
      const answer = await app.fetch('/api/queue/enqueue/notes/write', post({ payload: { text: 'a' } }));
      const problem = (await answer.json()) as Problem;
      expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([503, true]);
      expect(problem.code).toMatch(/^(BROKER_UNAVAILABLE|ENQUEUE_TIMEOUT)$/);
      const health = await app.fetch('/api/queue/health');
      expect([health.status, await health.json()]).toMatchObject([503, { healthy: false }]);
      await waitUntil(async () => (await app.fetch('/api/queue/jobs/notes/x')).status === 503, 'a 503');
    } finally {
      await app.close();
    }
  }, 60_000);
});
