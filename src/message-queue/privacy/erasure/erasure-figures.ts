import type {
  ErasedRecords,
  ErasureRecord,
  ErasureState,
  HeldRecords,
} from '../../ports/privacy/tombstone.js';
import type { ErasureProgress } from '../../ports/privacy/erasure-runner.js';
import { Tally } from './tally.js';

/** What a run of an erasure saw. */
export interface ErasureRun {
  /** What it removed. */
  readonly removed: Tally;
  /** What is left after it. */
  readonly left: Tally;
  /** What a legal hold keeps. */
  readonly held: readonly HeldRecords[];
}

/** The figures of an erasure that begins, or begins again: what it removed before, and what there is now. */
export function figuresAtStart(known: ErasureRecord | null, found: Tally): ErasedRecords[] {
  const before = new Tally(known?.holders.map(({ name, removed }) => [name, removed]));
  return [...found].map(([name, left]) => {
    const removed = before.of(name);
    return { name, found: removed + left, removed, left };
  });
}

/** How far an erasure is after a run of it. */
export function figuresAfter(record: ErasureRecord, { removed, left, held }: ErasureRun): ErasureRecord {
  const before = new Map(record.holders.map((holder) => [holder.name, holder]));
  const holders = [...left].map(([name, rest]): ErasedRecords => {
    const { found = 0, removed: earlier = 0 } = before.get(name) ?? {};
    const counted = earlier + removed.of(name);
    // A run that was cut short removed what it did not live to count. What a hold keeps looks the same, and was not removed.
    const gone = held.length > 0 ? counted : Math.max(counted, found - rest);
    return { name, found: Math.max(found, gone + rest), removed: gone, left: rest };
  });
  const state = stateOf(holders, held);
  return { ...record, holders, held, state, targetId: state === 'done' ? null : record.targetId };
}

function stateOf(holders: readonly ErasedRecords[], held: readonly HeldRecords[]): ErasureState {
  if (holders.some(({ left }) => left > 0)) return 'incomplete';
  return held.length > 0 ? 'held' : 'done';
}

/** How many records an erasure has removed. */
export function removedIn({ holders }: ErasureRecord): number {
  return holders.reduce((total, { removed }) => total + removed, 0);
}

/** How an erasure stands, as the job that goes on with it says. */
export function progressOf(record: ErasureRecord): ErasureProgress {
  const { receiptId, state, holders } = record;
  const left = Object.fromEntries(
    holders.filter((holder) => holder.left > 0).map((holder) => [holder.name, holder.left]),
  );
  return { receiptId, state, removed: removedIn(record), left };
}

/** The keys of an erasure when so many more were destroyed. */
export function withKeys(
  known: ErasureRecord | null,
  destroyed: number,
  at: Date,
): Pick<ErasureRecord, 'keysDestroyed' | 'keysDestroyedAt'> {
  const { keysDestroyed = 0, keysDestroyedAt = null } = known ?? {};
  return {
    keysDestroyed: keysDestroyed + destroyed,
    keysDestroyedAt: destroyed > 0 ? at : keysDestroyedAt,
  };
}
