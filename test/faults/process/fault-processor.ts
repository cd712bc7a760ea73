import { Processor } from '@nestjs/bull';
import { Inject } from '@nestjs/common';
import {
  BrokerUnavailableError,
  EnqueueTimeoutError,
  JobHandler,
  JobTimeoutError,
  MessageQueueService,
  QueueFullError,
  RetryLater,
} from '../../../src/message-queue/index.js';
import type { JobContext } from '../../../src/message-queue/index.js';
import { LockLostError, ShutdownError } from '../../../src/message-queue/operations/index.js';
import { untilBlocked } from './blocked-loop.js';
import { dieAt } from './dying-schedules.js';
import { FAULT_QUEUE, followUpOf, keyOfRun, REMEMBERED_MS } from './fault-queue.js';
import type { FaultHostSettings, FaultJobDto, FaultQueue } from './fault-queue.js';
import { KeyedEffects } from './keyed-effects.js';
import { timesNoted, writeNote } from './run-notes.js';
import type { FaultNote } from './run-notes.js';

const STUBBORN_TIMEOUT_MS = 300;
/** How far the clocks of Redis and of a process are rounded apart, milliseconds. */
const ROUNDING_MS = 5;

/** What an add throws while Redis is away or full: the same add later is safe. */
const PASSING = [BrokerUnavailableError, EnqueueTimeoutError, QueueFullError];

/** Injection token of what the handlers need beside the module. */
export const FAULT_PARTS = Symbol('fault parts');

/** What the handlers need beside the module. */
export interface FaultParts {
  readonly settings: FaultHostSettings;
  readonly effects: KeyedEffects;
  readonly queue: FaultQueue;
}

/** What a finished run returns, so that the stored job says which run ended it. */
export interface FaultResult {
  readonly run: string;
}

const realNow = Date.now.bind(Date);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
let runs = 0;

/** Runs jobs in a process of its own, which the fault tests kill, freeze and cut off. */
@Processor(FAULT_QUEUE)
export class FaultProcessor {
  private readonly record: string;

  constructor(
    @Inject(FAULT_PARTS) private readonly parts: FaultParts,
    @Inject(MessageQueueService) private readonly service: MessageQueueService,
  ) {
    this.record = parts.settings.record;
  }

  @JobHandler('work')
  async work(job: FaultJobDto, context: JobContext): Promise<FaultResult> {
    const run = this.begin(job, context);
    try {
      if (job.dies !== undefined) dieAt(job.dies);
      const isFirst = timesNoted(this.record, 'start', job.key) === 1;
      await this.effect(job, context);
      if (job.crashes !== undefined && timesNoted(this.record, 'crash', job.key) < job.crashes) {
        run('crash');
        process.kill(process.pid, 'SIGKILL');
      }
      if (job.untilBlocked === true && isFirst) await untilBlocked(context.signal);
      await abortable(isFirst ? (job.firstMs ?? job.sleepMs) : job.sleepMs, context.signal);
      if (isFirst && job.firstEnd === 'defer') throw new RetryLater(200);
      if (isFirst && job.firstEnd === 'fail') throw new Error('The first run fails.');
      if (context.attempt <= (job.failures ?? 0)) throw new Error(`Attempt ${context.attempt} fails.`);
    } catch (error) {
      const reason: unknown = context.signal.aborted ? context.signal.reason : error;
      run(noteOf(reason));
      throw reason;
    }
    return { run: run('done') };
  }

  /** Does not care about its signal. */
  @JobHandler('stubborn', { timeoutMs: STUBBORN_TIMEOUT_MS })
  async stubborn(job: FaultJobDto, context: JobContext): Promise<FaultResult> {
    const run = this.begin(job, context);
    await this.parts.effects.apply(context.jobId, job.key);
    await this.addFollowUp(job, context).catch(() => undefined);
    await pause(job.sleepMs);
    return { run: run(context.signal.aborted ? 'overtime' : 'done') };
  }

  /** Others like it are taken ahead while it runs. */
  @JobHandler('quick')
  quick(job: FaultJobDto, context: JobContext): FaultResult {
    return { run: this.begin(job, context)('done') };
  }

  @JobHandler('follow-up')
  async followUp({ key }: FaultJobDto, { jobId }: JobContext): Promise<void> {
    await this.parts.effects.apply(jobId, key);
  }

  /** @returns notes what becomes of the run, and returns its name */
  private begin(job: FaultJobDto, context: JobContext): (what: FaultNote) => string {
    const { notBefore } = job;
    const { scheduledFor } = context;
    const key = scheduledFor === undefined ? job.key : keyOfRun(job.key, scheduledFor.getTime());
    const run = `${process.pid}.${(runs += 1)}`;
    const note = (what: FaultNote): string => {
      writeNote(this.record, { what, key, jobId: context.jobId, run, attempt: context.attempt });
      return run;
    };
    note('start');
    if (notBefore !== undefined && realNow() < notBefore - ROUNDING_MS) note('early');
    return note;
  }

  /** Before the rest of the run, so that every run that is cut short has had its effects, and the next one repeats them. */
  private async effect(job: FaultJobDto, context: JobContext): Promise<void> {
    await this.parts.effects.apply(context.jobId, job.key);
    try {
      await this.addFollowUp(job, context);
    } catch (error) {
      if (PASSING.some((type) => error instanceof type)) throw new RetryLater(200);
      throw error;
    }
  }

  private addFollowUp({ key }: FaultJobDto, { jobId }: JobContext): Promise<unknown> {
    const payload = { key: followUpOf(key), sleepMs: 0 };
    return this.service.enqueue(this.parts.queue, 'follow-up', payload, {
      idempotencyKey: `follow-up:${jobId}`,
      ttl: REMEMBERED_MS,
    });
  }
}

/** A release later. */
@Processor(FAULT_QUEUE)
export class NewFaultProcessor extends FaultProcessor {
  @JobHandler('recent')
  recent(job: FaultJobDto, context: JobContext): Promise<FaultResult> {
    return this.work(job, context);
  }
}

function noteOf(error: unknown): FaultNote {
  if (error instanceof LockLostError) return 'aborted';
  if (error instanceof RetryLater || error instanceof ShutdownError) return 'back';
  return error instanceof JobTimeoutError ? 'overtime' : 'failed';
}

/** Nothing comes between a run that takes no time and its end. */
function abortable(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 && !signal.aborted) return Promise.resolve();
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
