import 'reflect-metadata';
import type { Job } from 'bull';
import { Processor } from '@nestjs/bull';
import { IsString } from 'class-validator';
import { RepeatedLines } from '../../src/kernel/logging/repeated-lines.js';
import { ManualClock } from '../../src/kernel/time/manual-clock.js';
import { HandlerRegistry } from '../../src/message-queue/handlers/handler-registry.js';
import type { BatchContext } from '../../src/message-queue/handlers/batch-context.js';
import type { JobContext } from '../../src/message-queue/handlers/job-context.js';
import type { ErrorVerdict } from '../../src/message-queue/handlers/job-error-policy.js';
import type { FlowPolicy } from '../../src/message-queue/jobs/flow/flow-policy.js';
import { JobEnds } from '../../src/message-queue/jobs/events/job-end.js';
import { JobEvents } from '../../src/message-queue/jobs/events/job-events.js';
import type { JobEventName } from '../../src/message-queue/jobs/events/job-events.js';
import { JobExecutor } from '../../src/message-queue/execution/job-executor.js';
import type { JobExecutorParts } from '../../src/message-queue/execution/job-executor.js';
import { JobHandler } from '../../src/message-queue/handlers/job-handler.decorator.js';
import type { JobLog } from '../../src/message-queue/jobs/job-logger.js';
import { JobMiddlewareStack } from '../../src/message-queue/execution/job-middleware.js';
import type { FailureRecord, ManagedJobOptions } from '../../src/message-queue/jobs/managed-job.js';
import { defineQueue } from '../../src/message-queue/jobs/queue-definition.js';
import type { SealableQueue } from '../../src/message-queue/jobs/sealing/payload-seal.js';
import type { Settlement } from '../../src/message-queue/jobs/settlement.js';
import { TakenJob } from '../../src/message-queue/jobs/taken-job.js';

export class Note {
  @IsString()
  text!: string;
}

export const definition = defineQueue({
  name: 'notes',
  description: 'notes',
  jobs: { write: Note, tuned: Note, digest: Note },
  concurrency: 1,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 2000 },
  timeoutMs: 1000,
  flow: { jobs: { digest: { batch: { size: 10, waitMs: 1_000 } } } },
});

export type HandleBatch = (payloads: Note[], batch: BatchContext) => Promise<unknown>;
export type Handle = (payload: Note, context: JobContext) => Promise<unknown>;

/** What the tests' handlers do, and what the executor told the world. */
export class Stage {
  handle: Handle = () => Promise.resolve('done');
  /** Of the queue. */
  flow: FlowPolicy | undefined = definition.flow;
  handleBatch: HandleBatch = () => Promise.resolve('done');
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
      lines: new RepeatedLines(new ManualClock(), 60_000),
      maxCrashes: 3,
      abortGraceMs: 500,
      onStuck: ({ handler }) => this.stuck.push(handler),
      logger,
      random: () => 0.5,
      ...parts,
    });
    const names = ['active', 'progress', 'completed', 'failed', 'retrying'] as const;
    const ends = ['deadLettered', 'parked', 'cancelled', 'shredded'] as const;
    for (const name of [...names, ...ends, 'stuck', 'error'] as const) {
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
    const settlement = await this.executor.run(taken, { ...definition, flow: this.flow });
    taken.noteStored(true);
    return settlement;
  }

  /** The same for jobs that were collected. */
  async runBatch(
    taken: readonly TakenJob[],
    queue: SealableQueue = definition,
  ): Promise<readonly Settlement[]> {
    const settlements = await this.executor.runBatch(taken, queue);
    for (const one of taken) one.noteStored(true);
    return settlements;
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

  @JobHandler(definition, 'digest')
  digest(payloads: Note[], batch: BatchContext): Promise<unknown> {
    return this.stage.handleBatch(payloads, batch);
  }

  onError(error: Error): ErrorVerdict | undefined {
    return this.stage.verdict(error);
  }
}

export type Failed = Extract<Settlement, { kind: 'failed' }>;

/** What was stored of a run that completed, as it is read again. */
export function resultOf(settlement: Settlement): unknown {
  if (settlement.kind !== 'completed') throw new Error(`The run was ${settlement.kind}, not completed.`);
  return JSON.parse(settlement.result.json) as unknown;
}

export async function failed(settlement: Promise<Settlement>): Promise<Failed> {
  const outcome = await settlement;
  if (outcome.kind !== 'failed') throw new Error(`The attempt was ${outcome.kind}, not failed.`);
  return outcome;
}

/** Settles when the signal aborts, as a good handler does. */
export const untilAborted: Handle = (_payload, { signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

export function latch<Value = undefined>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((settle) => (resolve = settle));
  return { promise, resolve };
}
