import { setTimeout as pause } from 'node:timers/promises';
import type { BatchAction } from '../dead-letter-run.js';
import type { DeadLetterRunOptions, DiscardReport, ReplayReport } from './run-options.js';

/** What is done to letters. */
export type LetterAction = 'replay' | 'discard';

/** How a change goes that was previewed. */
export interface ChangeOptions extends Omit<DeadLetterRunOptions, 'dryRun' | 'batchSize'> {
  /** Who asks for it: in the audit, and with each job that is replayed. */
  readonly by: string;
  /** That of the preview. */
  readonly until: Date | number | string;
  /** That of the preview. Of more letters, none is touched; fewer are fine. */
  readonly matched: number;
}

/** What a change did. */
export interface LetterChange {
  readonly moved: number;
  /** Letters that were there in the preview and are not any more. */
  readonly gone: number;
  /** Letters that the broker refused or did not answer for, and why. */
  readonly failed: readonly { readonly id: string; readonly why: string }[];
  /** Letters that were not reached: the change was stopped, or a batch failed. */
  readonly left: number;
}

/** The report of a run as what it did of a preview. */
export function changeOf(report: ReplayReport | DiscardReport, previewed: number): LetterChange {
  const moved = 'replayed' in report ? report.replayed : report.discarded;
  const failed = report.problems.map(({ id, message }) => ({ id, why: message }));
  const rest = Math.max(0, previewed - moved - failed.length);
  const gone = report.complete ? rest : Math.min(rest, report.skipped);
  return { moved, gone, failed, left: rest - gone };
}

/** The same action, that takes its time and tells how far it is. */
export function pacedAction(
  action: BatchAction,
  { perSecond = Number.POSITIVE_INFINITY, onProgress, signal }: DeadLetterRunOptions,
): BatchAction {
  const begunAt = performance.now();
  let handled = 0;
  let done = 0;
  return async (managed, jobs) => {
    const ids = await action(managed, jobs);
    handled += jobs.length;
    done += ids.size;
    await onProgress?.(done);
    const aheadMs = begunAt + (handled / perSecond) * 1_000 - performance.now();
    // An abort is seen by the run, before its next batch.
    if (aheadMs > 0) await pause(aheadMs, undefined, { signal }).catch(() => undefined);
    return ids;
  };
}
