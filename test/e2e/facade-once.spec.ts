import { Processor } from '@nestjs/bull';
import { getQueueToken } from '@nestjs/bull-shared';
import type { INestApplication } from '@nestjs/common';
import type { Queue } from 'bull';
import { IsString } from 'class-validator';
import { Broker } from '../../src/message-queue/broker/broker.js';
import {
  defineQueue,
  IdempotencyConflictError,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitUntil } from '../support/wait-until.js';

class NoteJobDto {
  @IsString()
  text!: string;
}

const NOTES = defineQueue({
  name: 'notes',
  description: 'Jobs of a test.',
  jobs: { note: NoteJobDto, reminder: NoteJobDto },
  concurrency: 2,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 30_000,
  retention: { completedCount: 0 },
});

@Processor('notes')
class NotesProcessor {
  readonly runs: string[] = [];

  @JobHandler('note')
  note({ text }: NoteJobDto): void {
    this.runs.push(text);
  }

  @JobHandler('reminder')
  reminder({ text }: NoteJobDto): void {
    this.runs.push(text);
  }
}

describe('adding a job once through the facade', () => {
  const apps = new HostApps();
  let redis: TestRedis;
  let prefixes = 0;

  beforeAll(async () => {
    redis = await TestRedis.start(['--appendonly', 'yes', '--maxmemory', '1gb']);
  });
  afterEach(() => apps.close());
  afterAll(() => redis.stop());

  const start = (options: MessageQueueModuleOptions): Promise<INestApplication> =>
    apps.start({
      imports: [
        MessageQueueModule.forRoot({ autoStart: false, ...options }),
        MessageQueueModule.registerQueue(NOTES),
      ],
      providers: [NotesProcessor],
    });
  const optionsFor = (provider: 'memory' | 'redis'): MessageQueueModuleOptions => ({
    provider,
    prefix: `once-${(prefixes += 1)}`,
    ...(provider === 'redis' && { redis: { host: '127.0.0.1', port: redis.port } }),
  });

  describe.each(['memory', 'redis'] as const)('on %s', (provider) => {
    it('leaves the id to the broker, which fills in the options once', async () => {
      const app = await start(optionsFor(provider));
      const broker = app.get(Broker);
      const [addOnce, addMany] = [jest.spyOn(broker, 'addOnce'), jest.spyOn(broker, 'addMany')];
      const service = app.get(MessageQueueService);
      const one = await service.enqueue(NOTES, 'note', { text: 'a' });
      const [two] = await service.enqueueMany(NOTES, 'note', [{ payload: { text: 'b' } }]);
      const requests = [addOnce.mock.calls[0]?.[1], addMany.mock.calls[0]?.[1][0]];
      expect(requests.map((request) => request?.options.jobId)).toEqual([undefined, undefined]);
      expect(one).toMatchObject({ id: expect.stringMatching(/^m_/) as string, deduplicated: false });
      expect(two).toMatchObject({ id: expect.stringMatching(/^m_/) as string, outcome: 'added' });
      const job = await app.get<Queue>(getQueueToken('notes')).getJob(one.id);
      expect(job?.opts).toMatchObject({ attempts: 2, removeOnFail: false, mq: { defaultAttempts: true } });
    });

    it('refuses another payload or job under the id of one, and takes the same for a repeat', async () => {
      const service = (await start({ ...optionsFor(provider), role: 'producer' })).get(MessageQueueService);
      const options = { jobId: 'note-1' };
      await service.enqueue(NOTES, 'note', { text: 'a' }, options);
      expect(await service.enqueue(NOTES, 'note', { text: 'a' }, options)).toMatchObject({
        ...{ id: 'note-1', deduplicated: true },
      });
      await expect(service.enqueue(NOTES, 'note', { text: 'b' }, options)).rejects.toThrow(
        IdempotencyConflictError,
      );
      await expect(service.enqueue(NOTES, 'reminder', { text: 'a' }, options)).rejects.toThrow(
        IdempotencyConflictError,
      );
      const bulk = await service.enqueueMany(NOTES, 'note', [
        { payload: { text: 'a' }, options },
        { payload: { text: 'b' }, options },
        { payload: { text: 'c' }, options: { jobId: 'note-2' } },
        { payload: { text: 'd' }, options: { jobId: 'note-2' } },
      ]);
      expect(bulk.map(({ outcome }) => outcome)).toEqual(['deduplicated', 'rejected', 'added', 'rejected']);
      expect(bulk[1]).toMatchObject({ error: { code: 'IDEMPOTENCY_CONFLICT' } });
    });

    it('tells two jobs with one key and one payload apart by their names', async () => {
      const service = (await start(optionsFor(provider))).get(MessageQueueService);
      const options = { idempotencyKey: 'k' };
      const { id } = await service.enqueue(NOTES, 'note', { text: 'a' }, options);
      await expect(service.enqueue(NOTES, 'reminder', { text: 'a' }, options)).rejects.toThrow(
        IdempotencyConflictError,
      );
      expect(await service.enqueue(NOTES, 'note', { text: 'a' }, options)).toMatchObject({
        id,
        deduplicated: true,
      });
    });
  });

  it('does not wait long for the job that has its id already, where Redis falls silent before it is read', async () => {
    const proxy = await TcpProxy.start(redis.port);
    try {
      const options = { ...optionsFor('redis'), redis: { host: '127.0.0.1', port: proxy.port } };
      const app = await start({ ...options, role: 'producer' });
      const service = app.get(MessageQueueService);
      const add = (): Promise<unknown> =>
        service.enqueue(NOTES, 'note', { text: 'one' }, { jobId: 'silent' });
      await add();
      const queue = app.get<Queue>(getQueueToken('notes'));
      const read = queue.getJob.bind(queue);
      jest.spyOn(queue, 'getJob').mockImplementationOnce((id) => {
        proxy.swallowReplies();
        return read(id);
      });
      await expect(add()).rejects.toThrow(
        'did not answer about the job that has the id "silent" already of queue "notes" within 2000 ms. The same call again is safe.',
      );
      proxy.heal();
      proxy.cut();
      expect(await add()).toMatchObject({ id: 'silent', deduplicated: true });
    } finally {
      await apps.close();
      await proxy.stop();
    }
  });

  it('says that a job was added, and runs it once, when the answer was lost and the call goes out again', async () => {
    const proxy = await TcpProxy.start(redis.port);
    try {
      const options = { ...optionsFor('redis'), redis: { host: '127.0.0.1', port: proxy.port } };
      const app = await start({ ...options, role: 'producer' });
      const service = app.get(MessageQueueService);
      const waiting = await service.enqueue(NOTES, 'note', { text: 'first' });
      expect(waiting.deduplicated).toBe(false);

      proxy.swallowReplies();
      const pending = service.enqueue(NOTES, 'note', { text: 'lost' }, { deadlineMs: 20_000 });
      await waitUntil(() => proxy.swallowed > 0, 'an answer to be swallowed');
      proxy.heal();
      proxy.cut();
      expect(await pending).toMatchObject({ deduplicated: false });

      const worker = await start({
        ...options,
        redis: { host: '127.0.0.1', port: redis.port },
        autoStart: true,
      });
      const { runs } = worker.get(NotesProcessor);
      await waitUntil(() => runs.length === 2, 'both jobs to run');
      proxy.swallowReplies();
      const late = service.enqueue(NOTES, 'note', { text: 'gone' }, { deadlineMs: 20_000 });
      await waitUntil(() => runs.length === 3, 'the third job to run although its add was not answered');
      await waitUntil(async () => (await keptBy(worker)) === 0, 'the third job to be removed');
      proxy.heal();
      proxy.cut();
      expect(await late).toMatchObject({ deduplicated: false });
      await waitUntil(async () => (await keptBy(worker)) === 0, 'no job to be left');
      expect(runs).toEqual(['first', 'lost', 'gone']);
    } finally {
      await apps.close();
      await proxy.stop();
    }
  });
});

/** Jobs that are there, in whatever state. */
async function keptBy(app: INestApplication): Promise<number> {
  const { queues } = await app.get(MessageQueueService).getQueueMetrics();
  const { waiting = 0, active = 0, delayed = 0, completed = 0, failed = 0 } = queues['notes'] ?? {};
  return waiting + active + delayed + completed + failed;
}
