import 'reflect-metadata';
import { appendFileSync, readFileSync } from 'node:fs';
import { Processor } from '@nestjs/bull';
import { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';
import { RepeatedLines } from '../../src/kernel/logging/repeated-lines.js';
import { SystemClock } from '../../src/kernel/time/clock.js';
import {
  BrokerUnavailableError,
  EnqueueTimeoutError,
  LockLostError,
  QueueFullError,
  RetryLater,
  ShutdownError,
} from '../../src/message-queue/jobs/errors.js';
import { HandlerRegistry } from '../../src/message-queue/handlers/handler-registry.js';
import type { JobContext } from '../../src/message-queue/handlers/job-context.js';
import { JobEnds } from '../../src/message-queue/jobs/job-end.js';
import { JobEvents } from '../../src/message-queue/jobs/job-events.js';
import { JobExecutor } from '../../src/message-queue/execution/job-executor.js';
import { JobHandler } from '../../src/message-queue/handlers/job-handler.decorator.js';
import { JobMiddlewareStack } from '../../src/message-queue/execution/job-middleware.js';
import { FAULT_QUEUE, faultQueue, followUpOf } from './fault-queue.js';
import type { FaultJobDto, FaultWorkerSettings } from './fault-queue.js';
import type { FaultNote } from './fault-record.js';
import { KeyedEffects } from './keyed-effects.js';

/** Runs jobs in a process of its own, which the fault tests kill, freeze and cut off. */
const STUBBORN_TIMEOUT_MS = 300;
const settings = JSON.parse(process.argv[2] ?? '{}') as FaultWorkerSettings;

function note(what: FaultNote, key: string): void {
  appendFileSync(settings.record, `${what} ${key} ${process.pid} ${Date.now()}\n`);
}

function timesOf(what: FaultNote, key: string): number {
  return readFileSync(settings.record, 'utf8').split(`${what} ${key} `).length - 1;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function abortable(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}

@Processor(FAULT_QUEUE)
class FaultProcessor {
  constructor(
    private readonly effects: KeyedEffects,
    private readonly addFollowUp: (key: string, jobId: string) => Promise<unknown>,
  ) {}

  @JobHandler('work')
  async work(job: FaultJobDto, context: JobContext): Promise<void> {
    note('start', job.key);
    await this.effect(job, context);
    if (job.crashes !== undefined && timesOf('crash', job.key) < job.crashes) {
      note('crash', job.key);
      process.kill(process.pid, 'SIGKILL');
    }
    if (job.blockMs !== undefined && timesOf('start', job.key) === 1) blockEventLoop(job.blockMs);
    return this.rest(job, context);
  }

  /** Does not care about its signal. */
  @JobHandler('stubborn', { timeoutMs: STUBBORN_TIMEOUT_MS })
  async stubborn(job: FaultJobDto, context: JobContext): Promise<void> {
    note('start', job.key);
    await this.effect(job, context);
    await pause(job.sleepMs);
    note('done', job.key);
  }

  @JobHandler('follow-up')
  async followUp({ key }: FaultJobDto, { jobId }: JobContext): Promise<void> {
    await this.effects.apply(jobId, key);
  }

  private async rest(job: FaultJobDto, context: JobContext): Promise<void> {
    try {
      await abortable(durationOf(job), context.signal);
    } catch (error) {
      note(error instanceof LockLostError ? 'aborted' : 'left', job.key);
      throw error;
    }
    note('done', job.key);
  }

  /** Before the rest of the run, so that every run that is cut short has had its effects, and the next one repeats them. */
  private async effect({ key }: FaultJobDto, { jobId }: JobContext): Promise<void> {
    await this.effects.apply(jobId, key);
    try {
      await this.addFollowUp(followUpOf(key), jobId);
    } catch (error) {
      note('left', key);
      if (PASSING.some((type) => error instanceof type)) throw new RetryLater(200);
      throw error;
    }
  }
}

function durationOf({ key, sleepMs, firstMs }: FaultJobDto): number {
  return firstMs !== undefined && timesOf('start', key) === 1 ? firstMs : sleepMs;
}

/** What an add throws while Redis is away or full: the same add later is safe. */
const PASSING = [BrokerUnavailableError, EnqueueTimeoutError, QueueFullError];

function blockEventLoop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function main(): Promise<void> {
  const { port, prefix, lock, maxCrashes, concurrency } = settings;
  const redis = { topology: { kind: 'single', host: '127.0.0.1', port }, db: 0, tls: false } as const;
  const broker = new RedisBroker({ redis, prefix, maxCrashes: maxCrashes + 1, ...(lock && { lock }) });
  const definition = faultQueue();
  const queue = broker.createQueue(definition);
  const effects = await KeyedEffects.open(settings.effectsUrl);
  const addFollowUp = (key: string, jobId: string): Promise<unknown> =>
    broker.addOnce(queue, {
      ...{ name: 'follow-up', data: { key, sleepMs: 0 }, options: {} },
      idempotency: { key: `follow-up:${jobId}`, fingerprint: key, ttlMs: 600_000 },
    });
  const instance = new FaultProcessor(effects, addFollowUp);
  const handlers = new HandlerRegistry();
  const source = { type: FaultProcessor, instance, scoped: false, module: 'faults' };
  handlers.load([source], { definitions: [definition] });
  const [events, clock] = [new JobEvents(), new SystemClock()];
  const executor = new JobExecutor({
    ...{ handlers, middleware: new JobMiddlewareStack(), events, ends: new JobEnds(events, clock), clock },
    lines: new RepeatedLines(clock, 0),
    ...{ maxCrashes, abortGraceMs: 60_000 },
    logger: { log: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined },
  });
  const worker = await broker.work(
    queue,
    concurrency,
    executor.runnerOf(definition, () => broker.now()),
  );
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await worker.stopFetching();
    await Promise.race([worker.whenIdle(), pause(settings.drainMs)]);
    worker.abortActive(new ShutdownError('The worker stops.'));
    await worker.whenIdle();
    await broker.close();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop());
  process.on('disconnect', () => process.exit(1));
  process.send?.('ready');
}

void main();
