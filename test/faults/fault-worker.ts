import 'reflect-metadata';
import { appendFileSync, readFileSync } from 'node:fs';
import { Processor } from '@nestjs/bull';
import { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';
import { SystemClock } from '../../src/message-queue/jobs/clock.js';
import { ShutdownError } from '../../src/message-queue/jobs/errors.js';
import { HandlerRegistry } from '../../src/message-queue/jobs/handler-registry.js';
import type { JobContext } from '../../src/message-queue/jobs/job-context.js';
import { JobEvents } from '../../src/message-queue/jobs/job-events.js';
import { JobExecutor } from '../../src/message-queue/jobs/job-executor.js';
import { JobHandler } from '../../src/message-queue/jobs/job-handler.decorator.js';
import { JobMiddlewareStack } from '../../src/message-queue/jobs/job-middleware.js';
import { FAULT_QUEUE, faultQueue } from './fault-queue.js';
import type { FaultJobDto, FaultWorkerSettings } from './fault-queue.js';

/** Runs jobs in a process of its own, which the fault tests kill, freeze and cut off. */
const settings = JSON.parse(process.argv[2] ?? '{}') as FaultWorkerSettings;

function note(what: 'start' | 'done' | 'aborted', key: string): void {
  appendFileSync(settings.record, `${what} ${key} ${process.pid} ${Date.now()}\n`);
}

function startsOf(key: string): number {
  return readFileSync(settings.record, 'utf8').split(`start ${key} `).length - 1;
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
  @JobHandler('work')
  async work(job: FaultJobDto, context: JobContext): Promise<void> {
    note('start', job.key);
    const runs = startsOf(job.key);
    if (runs <= (job.crashes ?? 0)) process.kill(process.pid, 'SIGKILL');
    if (job.blockMs !== undefined && runs === 1) blockEventLoop(job.blockMs);
    try {
      await abortable(job.sleepMs, context.signal);
    } catch (error) {
      note('aborted', job.key);
      throw error;
    }
    note('done', job.key);
  }

  /** Does not care about its signal. */
  @JobHandler('stubborn')
  async stubborn(job: FaultJobDto): Promise<void> {
    note('start', job.key);
    await pause(job.sleepMs);
    note('done', job.key);
  }
}

function blockEventLoop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function main(): Promise<void> {
  const { port, prefix, lock, maxCrashes, timeoutMs, concurrency } = settings;
  const redis = { topology: { kind: 'single', host: '127.0.0.1', port }, db: 0, tls: false } as const;
  const broker = new RedisBroker({ redis, prefix, maxCrashes, ...(lock && { lock }) });
  const definition = faultQueue(timeoutMs);
  const handlers = new HandlerRegistry();
  const source = { type: FaultProcessor, instance: new FaultProcessor(), scoped: false, module: 'faults' };
  handlers.load([source], { definitions: [definition] });
  const executor = new JobExecutor({
    ...{ handlers, middleware: new JobMiddlewareStack(), events: new JobEvents(), clock: new SystemClock() },
    ...{ maxCrashes, abortGraceMs: 60_000 },
    logger: { log: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined },
  });
  const worker = await broker.work(
    broker.createQueue(definition),
    concurrency,
    executor.runnerOf(definition),
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
