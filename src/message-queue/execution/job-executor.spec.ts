import 'reflect-metadata';
import type { Job, JobOptions } from 'bull';
import { Processor } from '@nestjs/bull';
import { IsString } from 'class-validator';
import type { MessageQueueError } from '../../kernel/errors.js';
import { ManualClock } from '../testing/manual-clock.js';
import {
  CancelledError,
  CircuitOpenError,
  InvalidPayloadError,
  JobTimeoutError,
  HandlerRegistrationError,
  LockLostError,
  RetryLater,
  ShutdownError,
  UnrecoverableJobError,
} from '../jobs/errors.js';
import { HandlerRegistry } from '../handlers/handler-registry.js';
import type { JobContext } from '../handlers/job-context.js';
import type { ErrorVerdict } from '../handlers/job-error-policy.js';
import { JobEnds } from '../jobs/job-end.js';
import { JobEvents } from '../jobs/job-events.js';
import type { JobEventName } from '../jobs/job-events.js';
import { JobExecutor } from './job-executor.js';
import type { JobExecutorParts } from './job-executor.js';
import { JobHandler } from '../handlers/job-handler.decorator.js';
import type { JobLog } from '../jobs/job-logger.js';
import { JobMiddlewareStack } from './job-middleware.js';
import type { FailureRecord, ManagedJobOptions } from '../jobs/managed-job.js';
import { defineQueue } from '../jobs/queue-definition.js';

import type { Settlement } from '../jobs/settlement.js';
import { TakenJob } from '../jobs/taken-job.js';

class Note {
  @IsString()
  text!: string;
}

const definition = defineQueue({
  name: 'notes',
  description: 'notes',
  jobs: { write: Note, tuned: Note },
  concurrency: 1,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 2000 },
  timeoutMs: 1000,
});

type Handle = (payload: Note, context: JobContext) => Promise<unknown>;

/** What the tests' handlers do, and what the executor told the world. */
class Stage {
  handle: Handle = () => Promise.resolve('done');
  verdict: (error: Error) => ErrorVerdict | undefined = () => undefined;
  readonly clock = new ManualClock();
  readonly events = new JobEvents();
  readonly ends = new JobEnds(this.events, this.clock);
  readonly middleware = new JobMiddlewareStack();
  readonly heard: [JobEventName, Record<string, unknown>][] = [];
  readonly lines: string[] = [];
  readonly progress: unknown[] = [];
  readonly stuck: string[] = [];
  /** What the broker hands over next; the tests abort it, and tell it what was stored. */
  taken = this.take();
  readonly executor: JobExecutor;

  constructor(parts: Partial<JobExecutorParts> = {}) {
    const handlers = new HandlerRegistry();
    const source = { type: NoteProcessor, instance: new NoteProcessor(this), scoped: false, module: 'M' };
    handlers.load([source], { definitions: [definition] });
    const write = (level: string) => (message: unknown) =>
      void this.lines.push(`${level} ${String(message)}`);
    const logger: JobLog = {
      log: write('log'),
      warn: write('warn'),
      error: write('error'),
      debug: write('debug'),
    };
    this.executor = new JobExecutor({
      handlers,
      middleware: this.middleware,
      events: this.events,
      ends: this.ends,
      clock: this.clock,
      maxCrashes: 3,
      abortGraceMs: 500,
      onStuck: ({ handler }) => this.stuck.push(handler),
      logger,
      random: () => 0.5,
      ...parts,
    });
    const names = ['active', 'progress', 'completed', 'failed', 'retrying'] as const;
    for (const name of [...names, 'deadLettered', 'cancelled', 'stuck', 'error'] as const) {
      this.events.on(name, (event) => void this.heard.push([name, { ...event }]));
    }
  }

  take(job: Partial<StoredJob> = {}, crashes: readonly FailureRecord[] = []): TakenJob {
    const stored = {
      id: 'm_1',
      name: 'write',
      data: { text: 'hi' },
      attemptsMade: 0,
      ...job,
      opts: { attempts: 3, ...job.opts },
      progress: async (value: unknown) => void this.progress.push(value),
    };
    return new TakenJob(stored as unknown as Job, crashes);
  }

  /** Runs a job as a broker does that stores whatever comes. */
  async run(job: Partial<StoredJob> = {}, crashes: readonly FailureRecord[] = []): Promise<Settlement> {
    this.taken = this.take(job, crashes);
    const { taken } = this;
    const settlement = await this.executor.run(taken, definition);
    taken.noteStored(true);
    return settlement;
  }

  get heardNames(): string[] {
    return this.heard.map(([name]) => name);
  }
}

interface StoredJob {
  id: string;
  name: string;
  data: unknown;
  attemptsMade: number;
  opts: ManagedJobOptions;
}

@Processor('notes')
class NoteProcessor {
  constructor(private readonly stage: Stage) {}

  @JobHandler('write')
  write(payload: Note, context: JobContext): Promise<unknown> {
    return this.stage.handle(payload, context);
  }

  @JobHandler('tuned', { timeoutMs: 200, attempts: 7 })
  tuned(payload: Note, context: JobContext): Promise<unknown> {
    return this.stage.handle(payload, context);
  }

  onError(error: Error): ErrorVerdict | undefined {
    return this.stage.verdict(error);
  }
}

type Failed = Extract<Settlement, { kind: 'failed' }>;

/** What was stored of a run that completed, as it is read again. */
function resultOf(settlement: Settlement): unknown {
  if (settlement.kind !== 'completed') throw new Error(`The run was ${settlement.kind}, not completed.`);
  return JSON.parse(settlement.result.json) as unknown;
}

async function failed(settlement: Promise<Settlement>): Promise<Failed> {
  const outcome = await settlement;
  if (outcome.kind !== 'failed') throw new Error(`The attempt was ${outcome.kind}, not failed.`);
  return outcome;
}

/** Settles when the signal aborts, as a good handler does. */
const untilAborted: Handle = (_payload, { signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

function latch<Value = undefined>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((settle) => (resolve = settle));
  return { promise, resolve };
}

const crash = (at: number): FailureRecord => ({ at, attempt: 1, kind: 'crash', error: 'CRASH', message: '' });

describe('a job that succeeds', () => {
  it('gives its handler a validated payload and a full context, and completes with the result', async () => {
    const stage = new Stage();
    let seen: { payload: Note; context: JobContext } | undefined;
    stage.handle = async (payload, context) => {
      seen = { payload, context };
      return { ok: true, at: new Date(0), gone: undefined };
    };
    const opts: ManagedJobOptions = { mq: { correlationId: 'c-1', metadata: { tenant: 't' } } };
    expect(resultOf(await stage.run({ attemptsMade: 1, opts }))).toEqual({
      ok: true,
      at: '1970-01-01T00:00:00.000Z',
    });
    expect(seen?.payload).toBeInstanceOf(Note);
    const { queue, jobName, jobId, attempt, maxAttempts, correlationId, metadata, deadline } = seen!.context;
    expect({ queue, jobName, jobId, attempt, maxAttempts, correlationId, metadata }).toEqual({
      queue: 'notes',
      jobName: 'write',
      jobId: 'm_1',
      attempt: 2,
      maxAttempts: 3,
      correlationId: 'c-1',
      metadata: { tenant: 't' },
    });
    expect(deadline).toBe(stage.clock.now() + 1000);
    expect(seen?.context.signal.aborted).toBe(false);
    expect(stage.heard).toEqual([
      ['active', { queue: 'notes', job: 'write', jobId: 'm_1', attempt: 2, correlationId: 'c-1' }],
      ['completed', expect.objectContaining({ jobId: 'm_1', durationMs: 0, result: expect.anything() })],
    ]);
    expect(stage.clock.pendingTimers).toBe(0);
  });

  it.each([
    [undefined, null],
    [null, null],
    [false, false],
    [7, 7],
    ['x', 'x'],
  ])('stores %p as %p', async (returned, stored) => {
    const stage = new Stage();
    stage.handle = async () => returned;
    expect(resultOf(await stage.run())).toEqual(stored);
  });

  it('uses the job’s id as correlation id where none was given, and takes a job of a plain Bull producer', async () => {
    const stage = new Stage();
    stage.handle = async (_payload, context) => [
      context.correlationId,
      context.maxAttempts,
      context.metadata,
    ];
    const job = { id: 12 as unknown as string, opts: { attempts: 1 } };
    expect(resultOf(await stage.run(job))).toEqual(['12', 1, {}]);
  });

  it('logs with queue, job, id, attempt and correlation id on the line', async () => {
    const stage = new Stage();
    stage.handle = async (_payload, { logger }) => logger.log('working');
    await stage.run({ opts: { mq: { correlationId: 'line\nbreak' } } });
    expect(stage.lines).toEqual([
      'log working {queue=notes job=write id=m_1 attempt=1/3 correlation="line\\nbreak"}',
    ]);
  });

  it('stores and tells progress, also with the method taken off the context', async () => {
    const stage = new Stage();
    stage.handle = async (_payload, { progress }) => progress({ percentage: 40, step: 'half' });
    await stage.run();
    expect(stage.progress).toEqual([{ percentage: 40, step: 'half' }]);
    expect(stage.heardNames).toEqual(['active', 'progress', 'completed']);
  });

  it('goes on when progress cannot be stored, and refuses a percentage that is none', async () => {
    const stage = new Stage();
    stage.handle = async (_payload, { progress }) => {
      await progress({ percentage: 5 });
      await expect(progress({ percentage: Number.NaN })).rejects.toThrow(RangeError);
      await expect(progress({ percentage: 101 })).rejects.toThrow(/0 to 100/);
    };
    const taken = stage.take();
    (taken.job as unknown as { progress: unknown }).progress = () => Promise.reject(new Error('no Redis'));
    expect((await stage.executor.run(taken, definition)).kind).toBe('completed');
    expect(stage.lines[0]).toContain('progress could not be stored: Error: no Redis');
  });
});

describe('a result that cannot be stored', () => {
  const circular: unknown[] = [];
  circular.push(circular);

  it.each<[string, unknown]>([
    ['is circular', circular],
    ['holds a bigint', { n: 5n }],
    ['is a function', () => 1],
    ['is larger than 64 KiB', 'x'.repeat(65_536)],
  ])('makes a dead letter at once when it %s: the work must not be repeated for it', async (_why, value) => {
    const stage = new Stage();
    stage.handle = async () => value;
    const { retryDelayMs, error } = await failed(stage.run());
    expect(retryDelayMs).toBeNull();
    expect(error).toBeInstanceOf(UnrecoverableJobError);
    expect(error.message).toContain('result cannot be stored');
  });
});

describe('a job that fails', () => {
  const failing = (error: unknown): Stage => {
    const stage = new Stage();
    stage.handle = async () => {
      throw error;
    };
    return stage;
  };
  const mq: JobOptions = {
    backoff: { type: 'mq', delay: 2000, options: { type: 'exponential', delayMs: 2000 } },
  };

  it('is retried after 2 s, then 4, then is a dead letter', async () => {
    const stage = failing(new TypeError('boom'));
    const outcomes = [0, 1, 2].map((attemptsMade) => failed(stage.run({ attemptsMade, opts: mq })));
    expect((await Promise.all(outcomes)).map(({ retryDelayMs }) => retryDelayMs)).toEqual([2000, 4000, null]);
    expect(stage.heardNames.filter((name) => name !== 'active')).toEqual([
      'failed',
      'retrying',
      'failed',
      'retrying',
      'failed',
      'deadLettered',
    ]);
  });

  it('says what to do when nothing here handles its job', async () => {
    const { error } = await failed(new Stage({ handlers: new HandlerRegistry() }).run());
    expect(error).toBeInstanceOf(HandlerRegistrationError);
    expect(error.message).toMatch(/m_1.*Put @JobHandler\('write'\) on a method .*@Processor\('.+'\)/);
  });

  it('remembers what happened, bounded', async () => {
    const error = new TypeError(`boom ${'x'.repeat(1_000_000)}`);
    const outcome = await failed(failing(error).run({ attemptsMade: 1 }));
    expect(outcome.failure).toMatchObject({ attempt: 2, kind: 'error', error: 'TypeError' });
    expect(outcome.failure.at).toBe(new ManualClock().now());
    expect(outcome.failure.message).toHaveLength(2000);
    expect(outcome.failure.stack?.split('\n').length).toBeLessThanOrEqual(8);
    expect(outcome.failure.stack).toMatch(/^at /);
    expect(outcome.error.message).toHaveLength(2000);
    expect(outcome.error.stack!.length).toBeLessThan(6000);
    expect(outcome.error.name).toBe('TypeError');
  });

  it.each<[unknown, RegExp]>([
    ['just text', /no Error: just text/],
    [undefined, /no Error: undefined/],
    [null, /no Error: null/],
    [{ message: 'shaped like one' }, /no Error: shaped like one/],
    [Object.assign(new Error('x'), { message: undefined }), /no Error/],
  ])('wraps %p thrown instead of an Error', async (thrown, message) => {
    expect((await failed(failing(thrown).run())).error.message).toMatch(message);
  });

  it.each([
    ['UNRECOVERABLE_JOB', new UnrecoverableJobError('no use')],
    ['INVALID_PAYLOAD', new InvalidPayloadError('inner', [])],
  ])('is a dead letter at once for %s', async (code, error) => {
    const outcome = await failed(failing(error).run({ opts: mq }));
    expect(outcome).toMatchObject({ retryDelayMs: null, failure: { error: code } });
  });

  it('spends no attempt on RetryLater and open circuits', async () => {
    expect(await failing(new RetryLater(5000, 'rate limited')).run()).toEqual({
      kind: 'deferred',
      delayMs: 5000,
      reason: 'rate limited',
    });
    expect(await failing(new RetryLater(Number.NaN)).run()).toMatchObject({ kind: 'deferred', delayMs: 1 });
    const stage = failing(new CircuitOpenError('smtp', 0));
    const blocked = { delayMs: 100, blockedBy: 'smtp' };
    expect(await stage.run({ attemptsMade: 2 })).toMatchObject({ kind: 'deferred', ...blocked });
    expect(stage.heard.at(-1)).toEqual(['retrying', expect.objectContaining({ spent: false, ...blocked })]);
  });

  it('asks the processor: dead letter at once, retry of the unrecoverable, but never more than its attempts', async () => {
    const stage = failing(new UnrecoverableJobError('maybe'));
    stage.verdict = () => 'retry';
    expect((await failed(stage.run({ opts: mq }))).retryDelayMs).toBe(2000);
    expect((await failed(stage.run({ attemptsMade: 2, opts: mq }))).retryDelayMs).toBeNull();
    stage.verdict = () => 'dead-letter';
    stage.handle = () => Promise.reject(new Error('x'));
    expect((await failed(stage.run({ opts: mq }))).retryDelayMs).toBeNull();
  });

  it('keeps to the usual rules when the processor’s onError throws', async () => {
    const stage = failing(new Error('x'));
    stage.verdict = () => {
      throw new Error('onError is broken');
    };
    expect((await failed(stage.run({ opts: mq }))).retryDelayMs).toBe(2000);
    expect(stage.lines.join()).toContain('onError is broken');
  });

  it('is handed back when the handler met the shutdown itself, cancelled when it says so', async () => {
    expect(await failing(new ShutdownError('closing')).run()).toEqual({ kind: 'handed-back' });
    expect(await failed(failing(new CancelledError('user left')).run())).toMatchObject({
      retryDelayMs: null,
      failure: { kind: 'cancelled' },
    });
  });
});

describe('attempts and timeouts', () => {
  const attemptsOf = async (name: string, opts: ManagedJobOptions): Promise<unknown> => {
    const stage = new Stage();
    stage.handle = async (_payload, { maxAttempts, deadline }) => [maxAttempts, deadline - stage.clock.now()];
    return resultOf(await stage.run({ name, opts }));
  };

  it.each<[string, string, ManagedJobOptions, number[]]>([
    ['the queue’s', 'write', { attempts: 3, mq: { defaultAttempts: true } }, [3, 1000]],
    ['the handler’s over the queue’s', 'tuned', { attempts: 3, mq: { defaultAttempts: true } }, [7, 200]],
    ['the job’s own over both', 'tuned', { attempts: 2, mq: { timeoutMs: 50 } }, [2, 50]],
  ])('are %s', async (_whose, name, opts, expected) => {
    expect(await attemptsOf(name, opts)).toEqual(expected);
  });
});

describe('a job that cannot be run', () => {
  it('is a dead letter when its queue has no such job', async () => {
    const stage = new Stage();
    const outcome = await failed(stage.run({ name: 'wirte' }));
    expect(outcome).toMatchObject({ retryDelayMs: null, failure: { error: 'UNKNOWN_JOB_NAME' } });
    expect(outcome.error.message).toContain('Did you mean "write"');
    expect(stage.heardNames).toEqual(['failed', 'deadLettered']);
  });

  it.each(['constructor', 'toString', '__proto__'])('is not fooled by the name %s', async (name) => {
    expect((await failed(new Stage().run({ name }))).failure.error).toBe('UNKNOWN_JOB_NAME');
  });

  it('says that part of it is gone when it has no name', async () => {
    const outcome = await failed(new Stage().run({ name: undefined }));
    expect(outcome).toMatchObject({ retryDelayMs: null, failure: { error: 'UNKNOWN_JOB_NAME' } });
    expect(outcome.error.message).toContain('evicting');
  });

  it.each([[{ text: 5 }], [{ text: 'x', more: 1 }], [null], ['text']])(
    'is a dead letter with payload %j, and its handler is not called',
    async (data) => {
      const stage = new Stage();
      let called = false;
      stage.handle = async () => (called = true);
      const outcome = await failed(stage.run({ data }));
      expect(outcome).toMatchObject({ retryDelayMs: null, failure: { error: 'INVALID_PAYLOAD' } });
      expect(called).toBe(false);
      expect(stage.heardNames).toEqual(['failed', 'deadLettered']);
    },
  );

  it('is one dead letter that shows each crash when it killed its worker too often', async () => {
    const stage = new Stage();
    const crashes = [crash(0), crash(1000), crash(2000)];
    const outcome = await failed(stage.run({}, crashes));
    expect(outcome).toMatchObject({ retryDelayMs: null, failure: { kind: 'crash', error: 'CRASH_LOOP' } });
    expect(outcome.error.message).toContain('3 times');
    expect(outcome.error.message).toContain('1970-01-01T00:00:02.000Z');
    expect((await stage.run({}, crashes.slice(1))).kind).toBe('completed');
  });
});

describe('a timeout', () => {
  it('aborts the signal at the deadline with its reason, and spends an attempt', async () => {
    const stage = new Stage();
    let reason: unknown;
    stage.handle = (payload, context) => {
      context.signal.addEventListener('abort', () => (reason = context.signal.reason));
      return untilAborted(payload, context);
    };
    const outcome = failed(stage.run());
    await stage.clock.advance(999);
    expect(reason).toBeUndefined();
    await stage.clock.advance(1);
    expect(reason).toBeInstanceOf(JobTimeoutError);
    expect((reason as Error).message).toContain('NoteProcessor.write ran longer than 1000 ms');
    expect(await outcome).toMatchObject({
      error: reason,
      failure: { kind: 'timeout', error: 'JOB_TIMEOUT', attempt: 1 },
    });
    expect(stage.clock.pendingTimers).toBe(0);
  });

  it('is known to a handler that looks at the signal only afterwards', async () => {
    const stage = new Stage();
    const later = latch();
    let reason: unknown;
    stage.handle = async (_payload, context) => {
      await later.promise;
      reason = context.signal.aborted && context.signal.reason;
    };
    const outcome = failed(stage.run());
    await stage.clock.advance(1000);
    later.resolve(undefined);
    expect((await outcome).error).toBe(reason);
    expect(reason).toBeInstanceOf(JobTimeoutError);
  });

  it('does not settle the run before its handler has settled, and counts a late success as a failed attempt', async () => {
    const stage = new Stage();
    const later = latch<string>();
    stage.handle = () => later.promise;
    let settled = false;
    const outcome = stage.run().finally(() => (settled = true));
    await stage.clock.advance(60_000);
    expect(settled).toBe(false);
    later.resolve('too late');
    expect(await failed(outcome)).toMatchObject({ failure: { kind: 'timeout' }, retryDelayMs: 0 });
  });

  it('keeps what the handler threw meanwhile as the cause, and still believes an unrecoverable error', async () => {
    const stage = new Stage();
    const thrown = latch<Error>();
    stage.handle = async () => Promise.reject(await thrown.promise);
    const first = failed(stage.run());
    await stage.clock.advance(1000);
    const cause = new Error('connection closed');
    thrown.resolve(cause);
    expect((await first).error).toMatchObject({ code: 'JOB_TIMEOUT', cause });

    const second = latch();
    stage.handle = async () => {
      await second.promise;
      throw new UnrecoverableJobError('hopeless');
    };
    const outcome = failed(stage.run());
    await stage.clock.advance(1000);
    second.resolve(undefined);
    expect(await outcome).toMatchObject({ retryDelayMs: null, failure: { error: 'UNRECOVERABLE_JOB' } });
  });

  it('makes progress() stop a handler', async () => {
    const stage = new Stage();
    const later = latch();
    stage.handle = async (_payload, { progress }) => {
      await later.promise;
      await progress({ percentage: 50 });
      throw new Error('It went on.');
    };
    const outcome = failed(stage.run());
    await stage.clock.advance(1000);
    later.resolve(undefined);
    expect((await outcome).error.cause).toBeUndefined();
    expect(stage.progress).toEqual([]);
  });
});

describe('a handler that ignores its signal', () => {
  it('is stuck after the grace period: logged by name, counted, told, until it settles', async () => {
    const stage = new Stage();
    const later = latch();
    stage.handle = () => later.promise;
    const outcome = stage.run();
    await stage.clock.advance(1499);
    expect(stage.executor.stuckHandlers.current).toEqual([]);
    await stage.clock.advance(1);
    expect(stage.executor.stuckHandlers.current).toEqual([
      expect.objectContaining({ handler: 'NoteProcessor.write', jobId: 'm_1', queue: 'notes' }),
    ]);
    expect(stage.stuck).toEqual(['NoteProcessor.write']);
    expect(stage.lines.join()).toMatch(/error NoteProcessor\.write goes on 500 ms after its signal aborted/);
    expect(stage.heard.at(-1)).toEqual(['stuck', expect.objectContaining({ abortedForMs: 500 })]);
    later.resolve(undefined);
    await outcome;
    expect(stage.executor.stuckHandlers.current).toEqual([]);
    expect(stage.executor.stuckHandlers.total).toBe(1);
  });

  it('is not stuck when it settles within the grace period', async () => {
    const stage = new Stage();
    stage.handle = untilAborted;
    const outcome = stage.run();
    await stage.clock.advance(1000);
    await outcome;
    await stage.clock.advance(10_000);
    expect(stage.stuck).toEqual([]);
    expect(stage.clock.pendingTimers).toBe(0);
  });
});

describe('a run that is told to stop', () => {
  const stopped = async (
    reason: MessageQueueError,
    handle: Handle = untilAborted,
  ): Promise<[Settlement, Stage]> => {
    const stage = new Stage();
    stage.handle = handle;
    const outcome = stage.run();
    await stage.clock.advance(10);
    stage.taken.abort(reason);
    return [await outcome, stage];
  };

  it('is abandoned when its lock is lost, whatever it returns, and nothing is told', async () => {
    const [settlement, stage] = await stopped(new LockLostError('lost'));
    expect(settlement).toEqual({ kind: 'abandoned' });
    expect(stage.heardNames).toEqual(['active']);
  });

  it('ends failed for good when it was cancelled', async () => {
    const reason = new CancelledError('user left');
    const [settlement, stage] = await stopped(reason);
    expect(settlement).toMatchObject({ kind: 'failed', error: reason, retryDelayMs: null });
    expect((settlement as Failed).failure).toMatchObject({ kind: 'cancelled', error: 'JOB_CANCELLED' });
    expect(stage.heardNames).toEqual(['active', 'failed', 'cancelled']);
    expect(stage.heard.at(-1)?.[1]).toMatchObject({ reason: 'user left' });
  });

  it('is handed back at shutdown, without an attempt', async () => {
    expect((await stopped(new ShutdownError('bye')))[0]).toEqual({ kind: 'handed-back' });
  });

  it('is handed back at shutdown even if its handler then takes longer than its timeout', async () => {
    const stage = new Stage();
    const later = latch();
    stage.handle = () => later.promise;
    const outcome = stage.run();
    await stage.clock.advance(10);
    stage.taken.abort(new ShutdownError('bye'));
    await stage.clock.advance(5000);
    later.resolve(undefined);
    expect(await outcome).toEqual({ kind: 'handed-back' });
  });

  it('does not complete when its handler returns quietly: it may have stopped half-way', async () => {
    const quiet: Handle = (_payload, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve('half'), { once: true });
      });
    expect((await stopped(new ShutdownError('bye'), quiet))[0]).toEqual({ kind: 'handed-back' });
  });

  it('does not call the handler when it was told before it started', async () => {
    const stage = new Stage();
    let called = false;
    stage.handle = async () => (called = true);
    const taken = stage.take();
    taken.abort(new ShutdownError('bye'));
    expect(await stage.executor.run(taken, definition)).toEqual({ kind: 'handed-back' });
    expect(called).toBe(false);
    expect(stage.heardNames).toEqual([]);
  });

  it('does not call the handler when it was told during validation', async () => {
    const stage = new Stage();
    let called = false;
    stage.handle = async () => (called = true);
    const outcome = stage.run();
    stage.taken.abort(new CancelledError('now'));
    expect((await failed(outcome)).failure.kind).toBe('cancelled');
    expect(called).toBe(false);
  });

  it('lets a lost lock beat a cancellation or timeout that came first, and a timeout beat a later shutdown', async () => {
    const late = async (reason: MessageQueueError): Promise<Settlement> => {
      const stage = new Stage();
      const later = latch();
      stage.handle = () => later.promise;
      const outcome = stage.run();
      await stage.clock.advance(1000);
      stage.taken.abort(reason);
      later.resolve(undefined);
      return outcome;
    };
    expect(await late(new LockLostError('lost'))).toEqual({ kind: 'abandoned' });
    expect(await late(new CancelledError('c'))).toMatchObject({ failure: { kind: 'cancelled' } });
    expect(await late(new ShutdownError('s'))).toMatchObject({ failure: { kind: 'timeout' } });
  });
});

describe('outcomes and what was stored', () => {
  it('are told only after the broker stored them, and not at all when it could not', async () => {
    const stage = new Stage();
    const taken = stage.take();
    await stage.executor.run(taken, definition);
    expect(stage.heardNames).toEqual(['active']);
    taken.noteStored(true);
    taken.noteStored(false);
    expect(stage.heardNames).toEqual(['active', 'completed']);

    const lost = stage.take();
    await stage.executor.run(lost, definition);
    lost.noteStored(false);
    expect(stage.heardNames).toEqual(['active', 'completed', 'active']);
  });

  it('are logged of an abandoned run, of which nothing is stored', async () => {
    const stage = new Stage();
    const taken = stage.take();
    taken.abort(new LockLostError('lost'));
    expect(await stage.executor.run(taken, definition)).toEqual({ kind: 'abandoned' });
    expect(stage.lines.join()).toContain('Abandoned');
  });
});

describe('middleware', () => {
  it('sees payload and context, and its errors count as the handler’s', async () => {
    const stage = new Stage();
    stage.middleware.use((context) => {
      expect(context.payload).toBeInstanceOf(Note);
      expect(context.signal).toBeInstanceOf(AbortSignal);
      return Promise.reject(new UnrecoverableJobError('not today'));
    });
    expect((await failed(stage.run())).retryDelayMs).toBeNull();
  });

  it('cannot end the run before the handler has settled', async () => {
    const stage = new Stage();
    const later = latch();
    stage.handle = () => later.promise;
    stage.middleware.use((_context, next) => {
      void next();
      return Promise.resolve('early');
    });
    let settled = false;
    const outcome = stage.run().finally(() => (settled = true));
    await stage.clock.advance(100);
    expect(settled).toBe(false);
    later.resolve(undefined);
    expect(resultOf(await outcome)).toBe('early');
  });

  it('that does not wait for next() leaves no unhandled rejection behind', async () => {
    const stage = new Stage();
    stage.handle = () => Promise.reject(new Error('nobody waits for it'));
    stage.middleware.use((_context, next) => {
      void next();
      return Promise.resolve('early');
    });
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    await stage.run();
    await stage.clock.advance(0);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

describe('JobExecutor.runnerOf', () => {
  it('is what a broker calls for one queue', async () => {
    const stage = new Stage();
    expect(resultOf(await stage.executor.runnerOf(definition)(stage.take()))).toBe('done');
  });
});
