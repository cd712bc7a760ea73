import type { FailedJob } from '../broker/broker.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import { headOf } from './dead-letter.js';
import type { LetterHead } from './dead-letter.js';
import type { ReadyFilter } from './dead-letter-filter.js';
import { FailedSetReader } from './failed-set-reader.js';

/** What a run does with a batch of dead letters. @returns the ids it was done with; the others were gone by then */
export type BatchAction = (managed: ManagedQueue, jobs: readonly FailedJob[]) => Promise<ReadonlySet<string>>;

/** One letter that a run could not handle. */
export interface LetterProblem {
  readonly queue: string;
  readonly id: string;
  readonly message: string;
}

/** What became of the letters of a run. */
export interface RunTally {
  matched: number;
  done: number;
  skipped: number;
  failed: number;
  /** One for each that failed: those of one batch. */
  readonly problems: LetterProblem[];
  /** False when the run stopped early: it was aborted, or a batch failed. */
  complete: boolean;
}

/** How a run proceeds. */
export interface RunPlan {
  readonly filter: ReadyFilter;
  readonly batchSize: number;
  /** Letters to leave alone although they match. */
  readonly spares: (letter: LetterHead) => boolean;
  /** Letters that this run has already handled: a job that fails again at once must not come round forever. */
  readonly hadBefore: (letter: LetterHead) => boolean;
  /** Null for a dry run. */
  readonly action: BatchAction | null;
  readonly signal?: AbortSignal;
  /** Shown every letter that is acted on, or in a dry run would be. */
  readonly onLetter?: (letter: LetterHead) => void;
}

/**
 * Goes through the matching letters of one queue, oldest first, batch by batch. The next batch is read while the broker
 * still works on the previous one.
 */
export async function runThrough(managed: ManagedQueue, plan: RunPlan, tally: RunTally): Promise<void> {
  const { from, to } = plan.filter;
  const reader = new FailedSetReader(managed, {
    ...{ order: 'oldest', payloads: plan.filter.needsPayload, from, to },
    chunkSize: plan.batchSize,
  });
  let underWay: ReadonlySet<string> = new Set();
  let batch = await reader.next();
  while (batch !== null) {
    if (plan.signal?.aborted) {
      tally.complete = false;
      return;
    }
    // It may have been read before the batch under way was done.
    const fresh = batch.filter(({ id }) => !underWay.has(id));
    const chosen = choose(fresh, managed.definition.name, plan, tally);
    const acting = act(managed, chosen, plan.action, tally);
    underWay = new Set(plan.action === null ? [] : chosen.map(({ id }) => id));
    reader.left(underWay);
    const ahead = reader.next();
    // When the batch fails, the report says so; that further reading fails too adds nothing.
    ahead.catch(() => undefined);
    if (!(await acting)) return;
    batch = await ahead;
  }
}

/** The letters of a batch that the action applies to; the others are counted. */
function choose(jobs: readonly FailedJob[], queue: string, plan: RunPlan, tally: RunTally): FailedJob[] {
  return jobs.filter((job) => {
    const letter = headOf(job, queue);
    if (!plan.filter.matches(letter, job.data) || plan.hadBefore(letter)) return false;
    tally.matched += 1;
    const isSpared = plan.spares(letter);
    if (isSpared) tally.skipped += 1;
    else plan.onLetter?.(letter);
    return !isSpared;
  });
}

/** Never rejects: what goes wrong stands in the tally. @returns false when the batch failed */
async function act(
  managed: ManagedQueue,
  jobs: readonly FailedJob[],
  action: BatchAction | null,
  tally: RunTally,
): Promise<boolean> {
  if (jobs.length === 0) return true;
  try {
    const done = action === null ? jobs.length : (await action(managed, jobs)).size;
    tally.done += done;
    tally.skipped += jobs.length - done;
    return true;
  } catch (error) {
    noteProblems(tally, managed.definition.name, jobs, error);
    return false;
  }
}

function noteProblems(tally: RunTally, queue: string, jobs: readonly FailedJob[], error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  tally.problems.push(...jobs.map(({ id }) => ({ queue, id, message })));
  tally.failed += jobs.length;
  tally.complete = false;
}
