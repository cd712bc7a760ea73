import type { FailedJob } from '../broker/broker.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import { headOf } from './dead-letter.js';
import type { LetterHead } from './dead-letter.js';
import type { ReadyFilter } from './dead-letter-filter.js';
import { FailedSetReader } from './failed-set-reader.js';

/** What a run does with a batch of dead letters. @returns the ids it was done with; the others were gone by then */
export type BatchAction = (managed: ManagedQueue, ids: readonly string[]) => Promise<ReadonlySet<string>>;

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
  /** The first 20. */
  readonly problems: LetterProblem[];
  /** False when the run stopped early: it was aborted, or a batch failed. */
  complete: boolean;
}

/** How a run goes about it. */
export interface RunPlan {
  readonly filter: ReadyFilter;
  readonly batchSize: number;
  /** Letters to leave alone although they match. */
  readonly spares: (letter: LetterHead) => boolean;
  /** Letters that this very run had before: a job that fails again at once must not come round for ever. */
  readonly hadBefore: (letter: LetterHead) => boolean;
  /** Null for a dry run. */
  readonly action: BatchAction | null;
  readonly signal?: AbortSignal;
}

const MAX_PROBLEMS = 20;

/** Goes through the matching letters of one queue, oldest first, batch by batch. */
export async function runThrough(managed: ManagedQueue, plan: RunPlan, tally: RunTally): Promise<void> {
  const { from, to } = plan.filter;
  const reader = new FailedSetReader(managed, {
    ...{ order: 'oldest', payloads: false, from, to },
    chunkSize: plan.batchSize,
  });
  for (let jobs = await reader.next(); jobs !== null; jobs = await reader.next()) {
    if (plan.signal?.aborted) tally.complete = false;
    if (!tally.complete) return;
    reader.left(await runBatch(managed, jobs, plan, tally));
  }
}

/** @returns the ids that are not in the failed set any more */
async function runBatch(
  managed: ManagedQueue,
  jobs: readonly FailedJob[],
  plan: RunPlan,
  tally: RunTally,
): Promise<ReadonlySet<string>> {
  const matching = jobs
    .map((job) => headOf(job, managed.definition.name))
    .filter((letter) => plan.filter.matches(letter) && !plan.hadBefore(letter));
  const ids = matching.filter((letter) => !plan.spares(letter)).map(({ id }) => id);
  tally.matched += matching.length;
  tally.skipped += matching.length - ids.length;
  if (plan.action === null) tally.done += ids.length;
  if (plan.action === null || ids.length === 0) return new Set();
  try {
    const done = await plan.action(managed, ids);
    tally.done += done.size;
    tally.skipped += ids.length - done.size;
    return new Set(ids);
  } catch (error) {
    noteProblems(tally, managed.definition.name, ids, error);
    return new Set();
  }
}

function noteProblems(tally: RunTally, queue: string, ids: readonly string[], error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const room = MAX_PROBLEMS - tally.problems.length;
  tally.problems.push(...ids.slice(0, room).map((id) => ({ queue, id, message })));
  tally.failed += ids.length;
  tally.complete = false;
}
