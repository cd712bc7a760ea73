import type { HostCode } from '../../kernel/host/host-code.js';
import { inOwnContext } from '../../kernel/host/root-context.js';
import { printable } from '../../kernel/logging/printable.js';
import type { RepeatedLines } from '../../kernel/logging/repeated-lines.js';
import { problemWith } from '../../kernel/values/kind.js';
import { numberFrom } from '../../kernel/values/kinds.js';
import type { Clock, ClockTimer } from '../../kernel/time/clock.js';
import type { ProcessActivity, SeriesCounts } from '../jobs/activity/process-activity.js';
import type { MessageQueueError } from '../../kernel/errors.js';
import { RateLimited } from '../jobs/errors.js';
import type { JobContext } from '../handlers/job-context.js';
import type { RegisteredHandler } from '../handlers/handler-registry.js';
import type { JobEvents, JobRunEventPlace } from '../jobs/events/job-events.js';
import { JobLogger, type JobLog } from '../jobs/job-logger.js';
import type { JobProgress } from '../jobs/job-progress.js';
import { scheduledTimeOf } from '../jobs/managed-job.js';
import type { ManagedJobRecord } from '../jobs/managed-job.js';
import { sealedProgress } from '../jobs/sealing/sealed-progress.js';
import type { OpenedPayload, SealableQueue } from '../jobs/sealing/payload-seal.js';
import type { TakenJob } from '../jobs/taken-job.js';
import type { RunSpan } from '../telemetry/traces/run-span.js';
import type { MiddlewareContext } from './job-middleware.js';
import { newRunSignal } from './run-signal.js';
import { strongerReason, timeoutOf } from './stop-reasons.js';

const PERCENTAGE = numberFrom(0, 100);

/** What all runs of an executor share. */
export interface RunTools {
  /** This machine's, as handlers see it: it may be set while they run. */
  readonly clock: Clock;
  /** For what lasts: nobody sets it. */
  readonly steady: Clock;
  readonly logger: JobLog;
  readonly events: JobEvents;
  readonly activity: ProcessActivity;
  readonly host: HostCode;
  readonly lines: RepeatedLines;
  /** Called once when the signal of a running handler aborts. @returns a function to call when the run has ended */
  readonly watch: (run: Run, reason: MessageQueueError) => () => void;
}

/** `taken`: before the handler · `running`: until the handler has settled · `ended`: nothing counts any more. */
export type RunState = 'taken' | 'running' | 'ended';

/**
 * One run of a job, from being taken to its end: the context that its handler and the middleware get, its timeout, and why it must stop. The signal
 * is created on first use, since for a short job it would be a large part of the cost. Read the context's fields; do not spread it.
 */
export class Run implements MiddlewareContext {
  readonly queue: string;
  readonly jobName: string;
  readonly jobId: string;
  /** This run, from 1: earlier failed attempts count, crashes of the worker do not. */
  readonly attempt: number;
  readonly correlationId: string;
  readonly record: ManagedJobRecord;
  /** When the broker handed the job over, on the steady clock. */
  readonly takenAt: number;
  /** Where what becomes of it is counted. */
  readonly counts: SeriesCounts;
  /** The job's handler, once found. */
  handler: RegisteredHandler | undefined;
  isShredded = false;
  state: RunState = 'taken';
  /** The batch that it is part of, once that has begun: its members, and what the handler said of single ones. */
  within: { readonly members: readonly Run[]; readonly failures: ReadonlyMap<Run, Error> } | undefined;
  /** Its span; of a batch the same for all members. Undefined where nothing is traced. */
  span: RunSpan | undefined;
  /** Its payload, once it is known in plain. */
  opened: OpenedPayload | undefined;
  readonly #tools: RunTools;
  #payload: object | undefined;
  /** On the steady clock. */
  #startedAt: number | undefined;
  #timer: ClockTimer | undefined;
  #controller: AbortController | undefined;
  #logger: JobLogger | undefined;
  #place: JobRunEventPlace | undefined;
  /** The first reason, which the signal carries. */
  #reason: MessageQueueError | undefined;
  /** The strongest reason, which counts at the end. */
  #ending: MessageQueueError | undefined;
  #stopWatching: (() => void) | undefined;
  #progress: JobContext['progress'] | undefined;

  constructor(
    readonly taken: TakenJob,
    readonly definition: SealableQueue,
    tools: RunTools,
    private readonly now: () => number,
  ) {
    const { job } = taken;
    this.record = taken.options.mq ?? NO_RECORD;
    this.queue = definition.name;
    this.jobName = job.name;
    this.jobId = String(job.id);
    this.attempt = job.attemptsMade + 1;
    this.correlationId = this.record.correlationId ?? this.jobId;
    this.#tools = tools;
    this.takenAt = tools.steady.now();
    this.counts = tools.activity.of(this.queue, this.jobName);
    taken.onAbort((reason) => this.abort(reason));
  }

  /** The run as events and errors describe it. */
  get place(): JobRunEventPlace {
    const { queue, jobName: job, jobId, attempt, correlationId } = this;
    return (this.#place ??= { queue, job, jobId, attempt, correlationId });
  }

  /** The job's own, else the handler's, else the queue's as stored with the job. One, where somebody else tries again. */
  get maxAttempts(): number {
    if (this.taken.isOnlyTry) return 1;
    const { attempts = this.definition.attempts } = this.taken.options;
    return (this.record.defaultAttempts ? this.handler?.options.attempts : undefined) ?? attempts;
  }

  /** The job's own, else the handler's, else the queue's. */
  get timeoutMs(): number {
    return this.record.timeoutMs ?? this.handler?.options.timeoutMs ?? this.definition.timeoutMs;
  }

  get metadata(): JobContext['metadata'] {
    return this.record.metadata ?? NO_METADATA;
  }

  get addedAt(): Date {
    return new Date(this.taken.job.timestamp);
  }

  get scheduledFor(): Date | undefined {
    return scheduledTimeOf(this.taken.job);
  }

  /** As JSON keeps it, not validated; as it is stored until it is opened. */
  get data(): unknown {
    return this.opened === undefined ? (this.taken.job.data as unknown) : this.opened.data;
  }

  /** Validated once the run has begun; before that, see {@link data}. */
  get payload(): object {
    return this.#payload ?? (this.data as object);
  }

  get deadline(): number {
    const { clock, steady } = this.#tools;
    const ranMs = this.#startedAt === undefined ? 0 : steady.now() - this.#startedAt;
    return clock.now() + this.timeoutMs - ranMs;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = newRunSignal(this, this.#tools.host);
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get logger(): JobLogger {
    return (this.#logger ??= new JobLogger(this.#tools.logger, this));
  }

  /** Why the run was told to stop, which outweighs how it ended; undefined if it was not. */
  ending(): MessageQueueError | undefined {
    return this.#ending;
  }

  /**
   * Rejects with the signal's reason once the run was told to stop, so a handler that reports progress stops there. Progress that cannot be
   * stored is logged, a line a kind and interval, and the job continues: what was done so far does not depend on it.
   * @throws RangeError when `percentage` is not a number from 0 to 100
   */
  get progress(): JobContext['progress'] {
    // Not a function literal in a field: V8 puts those among old objects, where each keeps run and payload until a full collection.
    return (this.#progress ??= this.#storeProgress.bind(this));
  }

  /** @throws RateLimited always */
  rateLimited(ms: number, reason?: string): never {
    throw new RateLimited(ms, reason);
  }

  /** Call when the handler starts: its timeout begins. */
  begin(payload: object): void {
    this.#timer = this.#tools.steady.setTimer(() => this.timeOut(), this.timeoutMs);
    this.beginUntimed(payload);
  }

  /** The same where somebody else keeps the time, and calls `timeOut`. */
  beginUntimed(payload: object): void {
    this.state = 'running';
    this.#payload = payload;
    this.#startedAt = this.#tools.steady.now();
    this.counts.started(this.now() - this.taken.couldRunAt, this.#startedAt);
    if (this.#tools.events.has('active')) this.#tools.events.emit('active', this.place);
  }

  /** @param limitMs how long it may run */
  timeOut(limitMs = this.timeoutMs): void {
    this.abort(timeoutOf(this, limitMs));
  }

  /** Tells the run to stop. The signal keeps its first reason; a stronger one may still decide the end. */
  abort(reason: MessageQueueError): void {
    if (this.state === 'ended') return;
    this.#ending = strongerReason(this.#ending, reason);
    if (this.#reason !== undefined) return;
    this.#timer?.cancel();
    this.#reason = reason;
    // Whoever cancels a job does so in a request of its own.
    inOwnContext(() => this.#controller?.abort(reason));
    if (this.state === 'running') this.#stopWatching = this.#tools.watch(this, reason);
  }

  /** Ends the run: no timer is left, and later stop requests do nothing. */
  end(): void {
    this.state = 'ended';
    this.#timer?.cancel();
    this.#stopWatching?.();
  }

  async #storeProgress(progress: JobProgress): Promise<void> {
    const problem = problemWith(progress.percentage, PERCENTAGE);
    if (problem !== undefined) throw new RangeError(`The percentage of a job's progress ${problem}.`);
    if (this.#reason !== undefined) throw this.#reason;
    if (this.state === 'ended') return;
    try {
      await this.taken.job.progress(sealedProgress(progress, this.opened?.sealer));
      this.#tools.events.emit('progress', { ...this.place, progress });
    } catch (error) {
      this.#tellUnstored(printable(String(error)));
    }
  }

  /** A handler may report its progress many times a second. */
  #tellUnstored(why: string): void {
    this.#tools.lines.add({
      kind: [this.queue, this.jobName, 'Progress'].join('\n'),
      write: () => this.logger.warn(`The job's progress could not be stored: ${why}`),
      sum: ({ count, seconds }) =>
        this.logger.warn(
          `Progress was not stored ${count} more times in ${seconds} s, this job's last: ${why}`,
        ),
    });
  }
}

const NO_RECORD: ManagedJobRecord = {};
const NO_METADATA: JobContext['metadata'] = {};
