import { Processor } from '@nestjs/bull';
import type { INestApplication } from '@nestjs/common';
import type { Queue } from 'bull';
import { IsString } from 'class-validator';
import {
  CancelledError,
  defineQueue,
  getQueueToken,
  JobEvents,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  RetryLater,
  UnrecoverableJobError,
} from '../../src/message-queue/index.js';
import { DeadLetterService, MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import type { QueueHealth } from '../../src/message-queue/operations/index.js';
import type {
  EnqueueOptions,
  ErrorVerdict,
  JobContext,
  JobErrorPolicy,
  JobEventMap,
  JobStatus,
  MessageQueueModuleOptions,
} from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class TaskJobDto {
  /** What its handler does. */
  @IsString()
  does!: string;
}

const TASKS = defineQueue({
  name: 'tasks',
  description: 'Jobs of a test.',
  jobs: { plain: TaskJobDto, tuned: TaskJobDto },
  concurrency: 5,
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 3_000,
});

@Processor('tasks')
class TasksProcessor implements JobErrorPolicy {
  readonly runs: { readonly attempt: number; readonly maxAttempts: number; readonly leftMs: number }[] = [];
  readonly aborts: unknown[] = [];

  @JobHandler('plain')
  plain(payload: TaskJobDto, context: JobContext): Promise<void> {
    return this.perform(payload, context);
  }

  @JobHandler('tuned', { attempts: 2, timeoutMs: 2_000 })
  tuned(payload: TaskJobDto, context: JobContext): Promise<void> {
    return this.perform(payload, context);
  }

  onError(error: Error): ErrorVerdict | undefined {
    if (error.message === 'hopeless') return 'dead-letter';
    return error.message === 'said to be hopeless' ? 'retry' : undefined;
  }

  private async perform({ does }: TaskJobDto, context: JobContext): Promise<void> {
    const { attempt, maxAttempts, deadline, signal } = context;
    this.runs.push({ attempt, maxAttempts, leftMs: deadline - Date.now() });
    if (does === 'fail') throw new Error('no');
    if (does === 'hopeless') throw new Error('hopeless');
    if (does === 'give up') throw new UnrecoverableJobError('for good');
    if (does === 'seem hopeless') throw new UnrecoverableJobError('said to be hopeless');
    if (does === 'ask for later' && this.runs.length < 6) throw new RetryLater(20);
    if (does !== 'hang') return;
    await new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        this.aborts.push(signal.reason);
        reject(signal.reason as Error);
      });
    });
  }
}

describe.each(['memory', 'redis'] as const)('the rules for every job on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;
  let prefix = 0;
  let app: INestApplication;
  let service: MessageQueueService;
  let processor: TasksProcessor;

  beforeAll(async () => {
    if (provider === 'redis') redis = await TestRedis.start(['--appendonly', 'yes', '--maxmemory', '1gb']);
  });
  afterEach(() => apps.close());
  afterAll(() => redis?.stop());

  const startApp = (more: MessageQueueModuleOptions = {}): Promise<INestApplication> =>
    apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider,
          prefix: `policies-${prefix}`,
          ...(redis && { redis: { host: '127.0.0.1', port: redis.port } }),
          ...more,
        }),
        MessageQueueModule.registerQueue(TASKS),
      ],
      providers: [TasksProcessor],
    });

  beforeEach(async () => {
    prefix += 1;
    app = await startApp();
    service = app.get(MessageQueueService);
    processor = app.get(TasksProcessor);
  });

  /** Runs a job until it has finished. */
  async function finish(
    name: 'plain' | 'tuned',
    does: string,
    options: EnqueueOptions = {},
  ): Promise<JobStatus> {
    const { id } = await service.enqueue(TASKS, name, { does }, options);
    return untilFinished(id);
  }
  async function untilFinished(id: string): Promise<JobStatus> {
    let status = await service.getJobStatus('tasks', id);
    await waitUntil(async () => {
      status = await service.getJobStatus('tasks', id);
      return status.state === 'completed' || status.state === 'failed';
    }, `job ${id} to finish`);
    return status;
  }

  it.each<[string, 'plain' | 'tuned', EnqueueOptions, number, number]>([
    ['its queue says', 'plain', {}, 3, 3_000],
    ['its handler says over its queue', 'tuned', {}, 2, 2_000],
    ['the job says over both', 'tuned', { attempts: 4, timeoutMs: 1_000 }, 4, 1_000],
  ])(
    'a job is tried as often and may take as long as %s',
    async (_whose, name, options, attempts, timeoutMs) => {
      const failed = await finish(name, 'fail', options);
      expect(failed).toMatchObject({ state: 'failed', attempts: { made: attempts, max: attempts } });
      expect(processor.runs.map(({ attempt, maxAttempts }) => [attempt, maxAttempts])).toEqual(
        Array.from({ length: attempts }, (_, index) => [index + 1, attempts]),
      );
      const late = await finish(name, 'hang', { ...options, attempts: 1 });
      expect(late).toMatchObject({ state: 'failed', lastError: { kind: 'timeout', error: 'JOB_TIMEOUT' } });
      expect(processor.aborts).toHaveLength(1);
      for (const { leftMs } of processor.runs) {
        expect(leftMs).toBeLessThanOrEqual(timeoutMs);
        expect(leftMs).toBeGreaterThan(timeoutMs - 900);
      }
    },
  );

  it('a later try that the handler asks for costs no attempt', async () => {
    expect(await finish('plain', 'ask for later', { attempts: 1 })).toMatchObject({
      state: 'completed',
      attempts: { made: 0, max: 1 },
    });
    expect(processor.runs.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it.each([
    ['an error that is unrecoverable ends it', 'give up', 1, 'for good'],
    ['its processor gives up for it', 'hopeless', 1, 'hopeless'],
    ['its processor goes on for it', 'seem hopeless', 3, 'said to be hopeless'],
  ])('%s', async (_what, does, runs, message) => {
    expect(await finish('plain', does)).toMatchObject({ state: 'failed', lastError: { message } });
    expect(processor.runs).toHaveLength(runs);
    expect(await app.get(DeadLetterService).stats()).toMatchObject({ total: 1 });
  });

  it('a payload that nobody checked before is a dead letter at once', async () => {
    const queue = app.get<Queue>(getQueueToken('tasks'));
    const { id } = await queue.add('plain', { does: 5 });
    expect(await untilFinished(String(id))).toMatchObject({
      state: 'failed',
      lastError: { error: 'INVALID_PAYLOAD' },
    });
    expect(processor.runs).toEqual([]);
  });

  it('a name that this version does not know waits for one that does, visibly, and can be cancelled', async () => {
    const { id } = await app.get<Queue>(getQueueToken('tasks')).add('plian', { does: 'nothing' });
    const health = (): Promise<QueueHealth> => service.getQueueHealth('tasks');
    const isUnknown = async (): Promise<boolean> => (await health()).stats?.unknown.count === 1;
    await waitUntil(isUnknown, 'the job to be passed on');
    expect(await service.getJobStatus('tasks', String(id))).toMatchObject({
      state: 'delayed',
      attempts: { made: 0 },
    });
    const { status, reasons } = await health();
    expect(status).toBe('degraded');
    expect(reasons.find(({ code }) => code === 'UNKNOWN_JOBS')?.message).toMatch(
      /^1 job\(s\) of "tasks" wait for another version of the app \(1 "plian" since 20.*after 24 h/,
    );
    const { unknown } = (await service.getQueueMetrics()).queues['tasks'] ?? {};
    expect(unknown).toMatchObject({ count: 1, kinds: [{ job: 'plian', version: 1, count: 1 }] });
    expect(await service.cancelJob('tasks', String(id), 'misspelled')).toBe('removed');
    expect((await health()).stats?.unknown).toEqual({ count: 0, kinds: [] });
    expect(processor.runs).toEqual([]);
  });

  if (provider === 'memory') return;

  it('a running job is cancelled by a process that runs none', async () => {
    const producer = await startApp({ role: 'producer' });
    const heard = { here: 0, there: [] as JobEventMap['cancelled'][] };
    producer.get(JobEvents).on('cancelled', () => void (heard.here += 1));
    app.get(JobEvents).on('cancelled', (event) => void heard.there.push(event));
    const { id } = await service.enqueue(TASKS, 'plain', { does: 'hang' }, { timeoutMs: 60_000 });
    await waitUntil(() => processor.runs.length === 1, 'the run');
    expect(producer.get(MessageQueueWorker).isRunning).toBe(false);
    expect(await producer.get(MessageQueueService).cancelJob('tasks', id, 'sold out')).toBe('signalled');
    expect(await untilFinished(id)).toMatchObject({ state: 'failed', cancelled: { reason: 'sold out' } });
    expect(processor.aborts).toEqual([expect.any(CancelledError)]);
    expect(heard).toEqual({ here: 0, there: [expect.objectContaining({ jobId: id, reason: 'sold out' })] });
  });
});
