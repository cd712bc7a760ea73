import type { Job } from 'bull';
import type { MessageQueueError } from '../../kernel/errors.js';
import type { FailureRecord, ManagedJobOptions } from './managed-job.js';
import type { Settlement } from './settlement.js';

const NO_CRASHES: readonly FailureRecord[] = [];

/** What a broker took for one run: Bull's job, the two things a run hears from the broker, and nothing more. */
export class TakenJob {
  private reason: MessageQueueError | undefined;
  private hearAbort: ((reason: MessageQueueError) => void) | undefined;
  private isStored: boolean | undefined;
  private hearStored: ((isStored: boolean) => void) | undefined;

  constructor(
    readonly job: Job,
    /** Earlier runs of this job that ended with the death of their worker; oldest first. */
    readonly crashes: readonly FailureRecord[] = NO_CRASHES,
    /** The job's, as they are stored: to be read only. The time of the add and the id may be missing. */
    readonly options: Readonly<ManagedJobOptions> = job.opts,
    /** When the first worker passed the job on because it did not know it, milliseconds since the epoch. */
    readonly unknownSince?: number,
    /** Since when somebody outside makes it wait, milliseconds since the epoch. */
    readonly waitsSince?: number,
    /** Until when the job was put off last, for another try, milliseconds since the epoch. */
    readonly putOffUntil?: number,
  ) {}

  /**
   * From when the job could have run that runs now, milliseconds since the epoch by the broker's clock: its wait is counted from then on.
   * That is when it was added, or its delay was over, or a schedule's run was due; after that, when its retry was due, or it was
   * replayed, or its worker was found dead: whatever was last. A pause of the queue, or a slot of its group that was taken, puts
   * nothing off.
   */
  get couldRunAt(): number {
    const at = couldRunAt(this.job.timestamp, this.options, this.putOffUntil);
    return this.crashes.length === 0 ? at : Math.max(at, lastOf(this.crashes));
  }

  /**
   * Whether somebody waits for this run who tries again himself: then there is no other attempt, and what would make the job wait is a failure
   * too.
   */
  get isOnlyTry(): boolean {
    return false;
  }

  /** Why this worker must stop the run; undefined while it may go on. */
  get abortReason(): MessageQueueError | undefined {
    return this.reason;
  }

  /**
   * The broker wants the run to stop: its lock is lost (`LockLostError`), the job was cancelled (`CancelledError`), what it is
   * about was erased (`ErasedError`) or the worker hands it back (`ShutdownError`). The first reason stays.
   */
  abort(reason: MessageQueueError): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.hearAbort?.(reason);
  }

  /**
   * Calls back once with the reason, at once when the run must stop already. One listens at a time, whoever has the job
   * in hand: first its queue, then its run.
   */
  onAbort(listener: (reason: MessageQueueError) => void): void {
    this.hearAbort = listener;
    if (this.reason !== undefined) listener(this.reason);
  }

  /** The broker stored how the run ended, or could not (the lock was lost meanwhile). The first call counts. */
  noteStored(isStored: boolean): void {
    if (this.isStored !== undefined) return;
    this.isStored = isStored;
    this.hearStored?.(isStored);
  }

  /** Calls the one listener back once, when it is known whether the end of the run was stored. It must not throw. */
  onStored(listener: (isStored: boolean) => void): void {
    this.hearStored = listener;
    if (this.isStored !== undefined) listener(this.isStored);
  }
}

/** From when a job could run, by what is stored with it, but for its crashes. @param timestamp when it was added @param putOffUntil of {@link TakenJob} */
export function couldRunAt(
  timestamp: number,
  {
    delay = 0,
    repeat,
    prevMillis,
    mq,
  }: Readonly<Pick<ManagedJobOptions, 'delay' | 'repeat' | 'prevMillis' | 'mq'>>,
  putOffUntil: number | undefined,
): number {
  let at = repeat === undefined || prevMillis === undefined ? timestamp + delay : prevMillis;
  if (putOffUntil !== undefined) at = Math.max(at, putOffUntil);
  return mq === undefined ? at : Math.max(at, lastOf(mq.failures), lastOf(mq.replays));
}

function lastOf(records: readonly { readonly at: number }[] | undefined): number {
  return records?.at(-1)?.at ?? 0;
}

/** Runs a job that was taken to its end. Never rejects. */
export type RunJob = (taken: TakenJob) => Promise<Settlement>;

/** Runs jobs that were collected in one run of their handler. Never rejects. @returns how it ended for each, in the same order */
export type RunBatch = (members: readonly TakenJob[]) => Promise<readonly Settlement[]>;
