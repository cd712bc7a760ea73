import {
  CancelledError,
  CircuitOpenError,
  CrashLoopError,
  ErasedError,
  InvalidPayloadError,
  JobTimeoutError,
  LockLostError,
  NewerPayloadError,
  RateLimited,
  RetryLater,
  ShutdownError,
  UnknownJobNameError,
  UnrecoverableJobError,
  UpcastError,
} from '../jobs/errors.js';
import { KeyUnavailableError } from '../jobs/sealing/sealing-errors.js';
import { failureRecordOf, toError } from '../jobs/failure-record.js';
import type { ErrorVerdict } from '../handlers/job-error-policy.js';
import type { FailureRecord } from '../jobs/managed-job.js';
import { backoffDelayMs, MAX_DELAY_MS } from '../jobs/retry-policy.js';
import { SHREDDED } from '../jobs/settlement.js';
import type { Settlement } from '../jobs/settlement.js';
import { outsideWait } from './waits.js';
import { passedOn } from './passed-on.js';
import type { Run } from './run.js';

/** An open circuit that says "now" must not make its jobs spin; milliseconds. */
const LEAST_CIRCUIT_DELAY_MS = 100;

/** How long a job waits until the key of its payload is looked for again; milliseconds. */
const KEY_DELAY_MS = 5_000;
/** What a job waits for whose key is not to be had, as events name it. */
const KEYS = 'data-keys';

/** How runs end whose jobs run again. */
const GOES_ON: ReadonlySet<Settlement['kind']> = new Set(['deferred', 'passed-on', 'handed-back']);

/** A run that did not succeed. */
export interface UnsuccessfulRun {
  readonly run: Run;
  /** What the handler or a step before it threw; undefined when a handler returned although it was told to stop. */
  readonly thrown: unknown;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The processor's verdict; must not throw. */
  readonly judge: (error: Error) => ErrorVerdict | undefined;
  /** The error as everybody else is told of it: who stores it, reports it or listens. Must not throw. */
  readonly tell: (error: Error) => Error;
  /** All that the error says, sealed; undefined where nothing is. Must not throw. */
  readonly seal: (error: Error) => string | undefined;
  readonly random: () => number;
}

/**
 * What happens to a job after a run that did not succeed, decided by the error itself and told by what `tell` makes of it. The first rule
 * that fits applies:
 *
 * 1. The lock is lost → abandoned. What it is about was erased → shredded. Cancelled → failed for good. Timed out → a failed attempt, whatever the handler
 *    then returned or threw (returning may mean that it stopped half-way); only an unrecoverable error still counts.
 *    Told to stop by a shutdown → handed back, no attempt spent.
 * 2. `RetryLater`, open circuits and keys that are not to be had → deferred, no attempt spent; `RateLimited` closes the job's rate too. So are
 *    those who take nothing for now, while there is patience left ({@link outsideWait}).
 * 3. Crash loop → dead letter.
 * 4. A job whose name or payload version this worker does not know → passed on, no attempt spent, until it has waited as
 *    long as its queue allows; then it is a dead letter.
 * 5. The processor's `onError`; if it decides nothing, unrecoverable errors and payloads that are invalid or cannot be brought
 *    up to date are dead letters at once.
 * 6. Attempts left → retried after the backoff; else a dead letter.
 *
 * Where somebody waits for the run who tries again himself, there is no later: what would go on is a dead letter at once.
 */
export function settleUnsuccessful(unsuccessful: UnsuccessfulRun): Settlement {
  const settlement = settledByItself(unsuccessful);
  const { run, thrown } = unsuccessful;
  if (!run.taken.isOnlyTry || !GOES_ON.has(settlement.kind)) return settlement;
  return failed(unsuccessful, toError(thrown ?? run.ending()), 'error', true);
}

function settledByItself(unsuccessful: UnsuccessfulRun): Settlement {
  const ending = unsuccessful.run.ending();
  const error = toError(unsuccessful.thrown ?? ending);
  if (ending instanceof LockLostError) return { kind: 'abandoned' };
  if (ending instanceof ErasedError) return SHREDDED;
  if (ending instanceof CancelledError) return failed(unsuccessful, ending, 'cancelled', true);
  if (ending instanceof JobTimeoutError) {
    if (isHopeless(error)) return failed(unsuccessful, error, 'error', true);
    if (error !== ending && ending.cause === undefined) ending.cause = error;
    return failed(unsuccessful, ending, 'timeout', false);
  }
  if (ending !== undefined || error instanceof ShutdownError) return { kind: 'handed-back' };
  if (error instanceof ErasedError) return SHREDDED;
  if (error instanceof CancelledError) return failed(unsuccessful, error, 'cancelled', true);
  if (error instanceof RetryLater) {
    const settlement = deferred(error.delayMs, 1, unsuccessful.tell(error).message);
    return error instanceof RateLimited ? { ...settlement, closesRate: true } : settlement;
  }
  if (error instanceof CircuitOpenError) {
    const { message } = unsuccessful.tell(error);
    const settlement = deferred(error.retryAfterMs, LEAST_CIRCUIT_DELAY_MS, message);
    return { ...settlement, blockedBy: error.dependency };
  }
  if (error instanceof KeyUnavailableError) {
    return { ...deferred(KEY_DELAY_MS, KEY_DELAY_MS, error.message), blockedBy: KEYS };
  }
  const wait = outsideWait(unsuccessful.run, error, unsuccessful.now);
  if (wait !== null) {
    return { ...wait, ...deferred(wait.delayMs, 1, unsuccessful.tell(error).message) };
  }
  if (error instanceof CrashLoopError) return failed(unsuccessful, error, 'crash', true);
  if (isUnknown(unsuccessful.run, error)) {
    return passedOn(unsuccessful.run, error, unsuccessful.now) ?? failed(unsuccessful, error, 'error', true);
  }
  const verdict = unsuccessful.judge(error);
  const isFinal = verdict === 'dead-letter' || (verdict !== 'retry' && isHopeless(error));
  return failed(unsuccessful, error, 'error', isFinal);
}

function failed(
  { run, now, random, tell, seal }: UnsuccessfulRun,
  error: Error,
  kind: FailureRecord['kind'],
  isFinal: boolean,
): Settlement {
  const { attempt, maxAttempts, definition, taken } = run;
  const hasAttempts = !isFinal && attempt < maxAttempts;
  const told = tell(error);
  const sealed = seal(error);
  const trace = run.span?.traceparent;
  return {
    kind: 'failed',
    error: told,
    retryDelayMs: hasAttempts
      ? backoffDelayMs(taken.job.opts.backoff, attempt, definition.backoff, random)
      : null,
    failure: { ...failureRecordOf(told, attempt, kind, now), ...(sealed !== undefined && { sealed }) },
    ...(trace !== undefined && { trace }),
    ...(taken.isOnlyTry && definition.sealed !== true && { thrown: error }),
  };
}

function deferred(
  delayMs: number,
  leastMs: number,
  reason: string,
): Extract<Settlement, { kind: 'deferred' }> {
  const wanted = Number.isFinite(delayMs) ? Math.round(delayMs) : leastMs;
  return {
    kind: 'deferred',
    delayMs: Math.min(MAX_DELAY_MS, Math.max(leastMs, wanted)),
    reason: reason.slice(0, 300),
  };
}

/** Whether another version of the app may know the job. The same errors of a handler are about other jobs. */
function isUnknown({ state }: Run, error: Error): boolean {
  const isAboutAJob = error instanceof UnknownJobNameError || error instanceof NewerPayloadError;
  return isAboutAJob && state === 'taken';
}

/** Whether trying again cannot help. */
function isHopeless(error: Error): boolean {
  return (
    error instanceof UnrecoverableJobError ||
    error instanceof InvalidPayloadError ||
    error instanceof UnknownJobNameError ||
    error instanceof UpcastError
  );
}
