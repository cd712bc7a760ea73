import { AsyncLocalStorage } from 'node:async_hooks';
import { Processor } from '@nestjs/bull';
import type { INestApplication } from '@nestjs/common';
import type { Queue } from 'bull';
import { IsOptional, IsString } from 'class-validator';
import {
  CancelledError,
  CircuitOpenError,
  defineQueue,
  getQueueToken,
  InvalidPayloadError,
  JobFailedError,
  JobHandler,
  JobTimeoutError,
  MessageQueueModule,
  MessageQueueService,
  RetryLater,
} from '../../src/message-queue/index.js';
import type {
  EnqueueOptions,
  JobContext,
  JobEnd,
  JobEndListener,
  JobMiddleware,
  MessageQueueModuleOptions,
} from '../../src/message-queue/index.js';
import {
  MessageQueueWorker,
  QueueMonitor,
  SyncDepthError,
} from '../../src/message-queue/operations/index.js';
import { HostApps } from '../support/host-app.js';
import { waitUntil } from '../support/wait-until.js';

class TaskDto {
  /** What its handler does. */
  @IsString()
  does!: string;

  @IsOptional()
  @IsString()
  key?: string;
}

const TASKS = defineQueue({
  name: 'tasks',
  description: 'Jobs of a test.',
  jobs: { task: TaskDto },
  concurrency: 1,
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 5_000,
});

class ShopClosedError extends Error {
  readonly code = 'SHOP_CLOSED';
}

const callers = new AsyncLocalStorage<string>();

function untilAborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', resolve);
  });
}

@Processor('tasks')
class TasksProcessor implements JobEndListener {
  readonly runs: string[] = [];
  readonly contexts: { readonly attempt: number; readonly maxAttempts: number }[] = [];
  readonly seenCallers: (string | undefined)[] = [];
  readonly ends: JobEnd[] = [];
  readonly thrown: Error[] = [];
  deepest = 0;
  letGo: () => void = () => undefined;
  isMended = false;

  constructor(private readonly service: MessageQueueService) {}

  @JobHandler('task')
  async task({ does }: TaskDto, { attempt, maxAttempts, signal, jobId }: JobContext): Promise<unknown> {
    this.runs.push(does);
    this.contexts.push({ attempt, maxAttempts });
    this.seenCallers.push(callers.getStore());
    if (does.startsWith('fail') && !this.isMended) this.fail(new ShopClosedError('The shop is closed.'));
    if (does === 'later') this.fail(new RetryLater(60_000));
    if (does === 'circuit') this.fail(new CircuitOpenError('shop', 1_000));
    if (does === 'cancel') this.fail(new CancelledError('no need'));
    if (does === 'wait') await untilAborted(signal);
    if (does === 'cancelled meanwhile') {
      await this.service.cancelJob('tasks', jobId, 'no need');
      await untilAborted(signal);
    }
    if (does === 'hold') await new Promise<void>((resolve) => (this.letGo = resolve));
    if (does === 'nest') await this.enqueue('inner');
    if (does === 'nest failing') await this.enqueue('fail inside');
    if (does === 'nest for ever') {
      this.deepest += 1;
      await this.enqueue('nest for ever');
    }
    return { does };
  }

  onJobEnd(end: JobEnd): void {
    this.ends.push(end);
  }

  private enqueue(does: string): Promise<unknown> {
    return this.service.enqueue(TASKS, 'task', { does });
  }

  private fail(error: Error): never {
    this.thrown.push(error);
    throw error;
  }
}

describe('the provider "sync"', () => {
  const apps = new HostApps();
  let app: INestApplication;
  let service: MessageQueueService;
  let processor: TasksProcessor;
  let queue: Queue;
  const passed: string[] = [];

  const middleware: JobMiddleware = (context, next) => {
    passed.push(context.jobId);
    return next();
  };

  const start = async (
    more: MessageQueueModuleOptions = {},
    definition: typeof TASKS = TASKS,
  ): Promise<void> => {
    app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider: 'sync',
          environment: 'test',
          builtInQueues: false,
          middleware: [middleware],
          ...more,
        }),
        MessageQueueModule.registerQueue(definition),
      ],
      providers: [TasksProcessor],
    });
    service = app.get(MessageQueueService);
    processor = app.get(TasksProcessor);
    queue = app.get<Queue>(getQueueToken('tasks'));
  };
  const add = (does: string, options?: EnqueueOptions) => service.enqueue(TASKS, 'task', { does }, options);
  const failureOf = async (adding: Promise<unknown>): Promise<JobFailedError> => {
    const error: unknown = await adding.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(JobFailedError);
    return error as JobFailedError;
  };
  const stateOf = async (id: string): Promise<string | undefined> => (await queue.getJob(id))?.getState();

  afterEach(() => apps.close());

  it('runs a job before its add resolves, past middleware and with its end told, and says so at the start', async () => {
    await start();
    const receipt = await callers.run('a request', () => add('work'));
    expect(receipt).toMatchObject({ queue: 'tasks', name: 'task', deduplicated: false });
    expect(processor.runs).toEqual(['work']);
    expect(processor.contexts).toEqual([{ attempt: 1, maxAttempts: 1 }]);
    // As from a worker: nothing of the caller is seen.
    expect(processor.seenCallers).toEqual([undefined]);
    expect(await stateOf(receipt.id)).toBe('completed');
    await waitUntil(() => processor.ends.length === 1, 'the end to be told');
    expect(processor.ends).toMatchObject([{ outcome: 'completed', jobId: receipt.id }]);
    expect(apps.logger.lines.filter((line) => line.startsWith('Provider "sync":'))).toHaveLength(1);
    expect(await app.get(QueueMonitor).summary()).toMatchObject({ provider: 'sync' });
    expect(passed).toEqual([receipt.id]);
  });

  it('tells the caller what the handler threw, after one attempt, and keeps a dead letter that can be replayed', async () => {
    await start();
    const failure = await failureOf(add('fail'));
    expect(failure).toMatchObject({
      name: 'JobFailedError',
      code: 'JOB_FAILED',
      queue: 'tasks',
      job: 'task',
    });
    expect(failure.cause).toBe(processor.thrown[0]);
    expect(failure.cause).toBeInstanceOf(ShopClosedError);
    expect(failure.message).not.toContain('The shop is closed.');
    expect(processor.runs).toHaveLength(1);
    expect(await stateOf(failure.jobId)).toBe('failed');
    await waitUntil(() => processor.ends.length === 1, 'the end to be told');
    expect(processor.ends).toMatchObject([{ outcome: 'dead-letter', jobId: failure.jobId }]);
    // A replay has no caller who waits: it runs as in memory, with the attempts of the queue.
    processor.isMended = true;
    await service.retryFailedJob('tasks', failure.jobId);
    await waitUntil(async () => (await stateOf(failure.jobId)) === 'completed', 'the replayed letter');
    expect(processor.contexts.at(-1)).toEqual({ attempt: 1, maxAttempts: 3 });
  });

  it.each([
    ['asks for a later try', 'later', RetryLater],
    ['meets an open circuit', 'circuit', CircuitOpenError],
    ['cancels itself', 'cancel', CancelledError],
    ['is cancelled by somebody', 'cancelled meanwhile', CancelledError],
  ])('rejects where the job %s: whoever waits is the one who tries again', async (_what, does, kind) => {
    await start();
    const failure = await failureOf(add(does));
    expect(failure.cause).toBeInstanceOf(kind);
    expect(await stateOf(failure.jobId)).toBe('failed');
    expect(processor.runs).toEqual([does]);
  });

  it('rejects where the job runs into its timeout, and where the worker stops meanwhile', async () => {
    await start({ shutdownTimeoutMs: 50 });
    expect((await failureOf(add('wait', { timeoutMs: 1_000 }))).cause).toBeInstanceOf(JobTimeoutError);
    const stopped = failureOf(add('wait'));
    await app.get(MessageQueueWorker).stop();
    expect((await stopped).cause).toMatchObject({ code: 'SHUTDOWN' });
  });

  it('refuses what is wrong before anything runs', async () => {
    await start();
    await expect(service.enqueue(TASKS, 'task', { does: 7 } as never)).rejects.toBeInstanceOf(
      InvalidPayloadError,
    );
    expect(processor.runs).toEqual([]);
  });

  it('behaves alike for whoever injects the queue', async () => {
    await start();
    const job = await queue.add('task', { does: 'work' });
    expect(await job.getState()).toBe('completed');
    const failure = await failureOf(queue.add('task', { does: 'fail' }));
    expect(failure.cause).toBe(processor.thrown[0]);
    const bulk = queue.addBulk(
      ['one', 'fail two', 'three'].map((does) => ({ name: 'task', data: { does } })),
    );
    expect((await failureOf(bulk)).cause).toBe(processor.thrown[1]);
    expect(processor.runs).toEqual(['work', 'fail', 'one', 'fail two', 'three']);
  });

  it('runs a bulk add in order, stops at nothing, and tells of each', async () => {
    await start();
    const does = Array.from({ length: 250 }, (_, n) => (n % 100 === 7 ? `fail ${n}` : `work ${n}`));
    const receipts = await service.enqueueMany(
      TASKS,
      'task',
      does.map((one) => ({ payload: { does: one } })),
    );
    expect(processor.runs).toEqual(does);
    expect(receipts.map(({ outcome }) => outcome)).toEqual(
      does.map((one) => (one.startsWith('fail') ? 'rejected' : 'added')),
    );
    const rejected = receipts.flatMap((receipt) => (receipt.outcome === 'rejected' ? [receipt.error] : []));
    expect(rejected.map(({ cause }) => cause)).toEqual(processor.thrown);
  });

  it('does not run a deduplicated add again', async () => {
    await start();
    const first = await add('work', { idempotencyKey: 'k' });
    const second = await add('work', { idempotencyKey: 'k' });
    expect(second).toEqual({ ...first, deduplicated: true });
    await add('work', { jobId: 'own' });
    expect(await add('work', { jobId: 'own' })).toMatchObject({ id: 'own', deduplicated: true });
    expect(processor.runs).toHaveLength(2);
  });

  it.each<[string, EnqueueOptions]>([
    ['idempotency key', { idempotencyKey: 'k' }],
    ['id', { jobId: 'own' }],
  ])(
    'takes the same add of the same %s after a failure for the next try of the same job',
    async (_by, options) => {
      await start();
      const { jobId } = await failureOf(add('fail', options));
      expect((await failureOf(add('fail', options))).jobId).toBe(jobId);
      processor.isMended = true;
      expect(await add('fail', options)).toMatchObject({ id: jobId, deduplicated: false });
      expect(await add('fail', options)).toMatchObject({ id: jobId, deduplicated: true });
      expect(processor.runs).toHaveLength(3);
      expect(await queue.getJobCounts()).toMatchObject({ completed: 1, failed: 0 });
    },
  );

  it('leaves what is due later to the timer, which retries by the rules of the queue', async () => {
    await start();
    const { id } = await add('fail later', { delay: 20 });
    expect(processor.runs).toEqual([]);
    await waitUntil(async () => (await stateOf(id)) === 'failed', 'all attempts');
    expect(processor.contexts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    const past = await add('work', { deliverAt: new Date(Date.now() - 1_000) });
    expect(await stateOf(past.id)).toBe('completed');
  });

  it('leaves schedules to the timer', async () => {
    await start({}, { ...TASKS, minRepeatMs: 50 });
    await add('again', { repeat: { every: 50 } });
    expect(processor.runs).toEqual([]);
    await waitUntil(() => processor.runs.length >= 2, 'two runs of the schedule');
  });

  it('runs nested adds nested, whatever the concurrency, and their failures reach the outermost caller', async () => {
    await start();
    await add('nest');
    expect(processor.runs).toEqual(['nest', 'inner']);
    const outer = await failureOf(add('nest failing'));
    expect(outer.cause).toBeInstanceOf(JobFailedError);
    expect((outer.cause as JobFailedError).cause).toBe(processor.thrown[0]);
  });

  it('ends a circle of adds at a depth of 32, and adds nothing there', async () => {
    await start();
    let error: unknown = await failureOf(add('nest for ever'));
    for (let level = 1; level <= 32; level += 1) {
      expect(error).toBeInstanceOf(JobFailedError);
      error = (error as JobFailedError).cause;
    }
    expect(error).toBeInstanceOf(SyncDepthError);
    expect(processor.deepest).toBe(32);
    expect(await queue.getJobCounts()).toMatchObject({ failed: 32, waiting: 0 });
  });

  it('lets an add wait on a paused queue, as in memory, until it is resumed', async () => {
    await start();
    await service.pauseQueue('tasks');
    const { id } = await add('work');
    expect(await stateOf(id)).toBe('paused');
    expect(processor.runs).toEqual([]);
    await service.resumeQueue('tasks');
    await waitUntil(async () => (await stateOf(id)) === 'completed', 'the job to run');
  });

  it('lets an add wait behind the jobs of its key, and does not make its caller wait', async () => {
    await start({}, { ...TASKS, flow: { key: { of: (payload) => (payload as TaskDto).key } } });
    const first = service.enqueue(TASKS, 'task', { does: 'hold', key: 'a' });
    await waitUntil(() => processor.runs.length === 1, 'the first job to run');
    const second = await service.enqueue(TASKS, 'task', { does: 'second', key: 'a' });
    const other = await service.enqueue(TASKS, 'task', { does: 'other', key: 'b' });
    expect(await stateOf(other.id)).toBe('completed');
    expect(await stateOf(second.id)).toBe('waiting');
    processor.letGo();
    await first;
    await waitUntil(async () => (await stateOf(second.id)) === 'completed', 'the job behind it');
  });

  it('is refused for a process that runs nothing', async () => {
    await expect(start({ role: 'producer' })).rejects.toThrow(
      'role: cannot be "producer" with the provider "sync", where an add runs its job in this process',
    );
  });
});
