import type { Job } from 'bull';
import type { ManagedQueue } from '../broker/managed-queues.js';
import { toDeadLetter } from './dead-letter.js';
import type { DeadLetter } from './dead-letter.js';
import type { ReadyFilter } from './dead-letter-filter.js';
import { FailedSetReader } from './failed-set-reader.js';

/** What a run over many dead letters does with one of them: true when it left the failed set. */
export type LetterAction = (managed: ManagedQueue, letter: DeadLetter) => Promise<boolean>;

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
  /** False when the run stopped early: it was aborted, or a whole batch failed. */
  complete: boolean;
}

/** How a run goes about it. */
export interface RunPlan {
  readonly filter: ReadyFilter;
  readonly batchSize: number;
  /** Letters to leave alone although they match. */
  readonly spares: (letter: DeadLetter) => boolean;
  /** Null for a dry run. */
  readonly action: LetterAction | null;
  readonly signal?: AbortSignal;
}

const MAX_PROBLEMS = 20;

/** Goes through the matching letters of one queue, oldest first, batch by batch. */
export async function runThrough(managed: ManagedQueue, plan: RunPlan, tally: RunTally): Promise<void> {
  const { from, to } = plan.filter;
  const reader = new FailedSetReader(managed.queue, { order: 'oldest', from, to, chunkSize: plan.batchSize });
  // A job that fails again at once, on a worker whose clock is late, must not come round for ever.
  const seen = new Set<string>();
  for (let jobs = await reader.next(); jobs !== null; jobs = await reader.next()) {
    if (plan.signal?.aborted) tally.complete = false;
    if (!tally.complete) return;
    reader.left(await runBatch(managed, jobs, plan, tally, seen));
  }
}

async function runBatch(
  managed: ManagedQueue,
  jobs: readonly Job[],
  plan: RunPlan,
  tally: RunTally,
  seen: Set<string>,
): Promise<Set<string>> {
  const left = new Set<string>();
  const fresh = jobs.filter((job) => !seen.has(String(job.id)));
  const matching = fresh
    .map((job) => toDeadLetter(job, managed.definition.name))
    .filter((letter) => plan.filter.matches(letter));
  tally.matched += matching.length;
  const chosen = matching.filter((letter) => !plan.spares(letter));
  tally.skipped += matching.length - chosen.length;
  const { action } = plan;
  if (action === null) {
    tally.done += chosen.length;
    return left;
  }
  const failedBefore = tally.failed;
  await Promise.all(
    chosen.map(async (letter) => {
      seen.add(letter.id);
      try {
        if (await action(managed, letter)) tally.done += 1;
        else tally.skipped += 1;
        left.add(letter.id);
      } catch (error) {
        noteProblem(tally, letter, error);
      }
    }),
  );
  if (chosen.length > 0 && tally.failed - failedBefore === chosen.length) tally.complete = false;
  return left;
}

function noteProblem(tally: RunTally, letter: DeadLetter, error: unknown): void {
  tally.failed += 1;
  if (tally.problems.length >= MAX_PROBLEMS) return;
  const message = error instanceof Error ? error.message : String(error);
  tally.problems.push({ queue: letter.queue, id: letter.id, message });
}
