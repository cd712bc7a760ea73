import assert from 'node:assert/strict';
import type { TraceHolder, TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { never } from '../contract-values.js';
import type { TraceRecord } from './trace-records.js';

/** How the contract reaches what a TraceHolder holds. */
export interface TraceAccess<T> {
  /** The kinds of target that its records are found by. Of the others it has nothing. */
  readonly foundBy: readonly TraceTarget['kind'][];
  /** Whether a conversation or a person has one record at most, as with settings. Default false. */
  readonly isSingle?: boolean;
  /** Whether it knows in which conversation a record is, so that those of `exceptConversations` stay. Default false. */
  readonly knowsConversations?: boolean;
  holder(subject: T): TraceHolder;
  /** Stores a record under those of its ids that the holder knows. */
  put(subject: T, record: TraceRecord): unknown;
  /** Whether it is there, for whoever reads the store. */
  has(subject: T, record: TraceRecord): boolean | Promise<boolean>;
  /** Puts a conversation under legal hold; left out where the holder cannot tell. */
  readonly hold?: (subject: T, conversationId: string) => unknown;
}

/** Stores records, one after the other. */
export async function putAll<T, Records extends readonly TraceRecord[]>(
  access: TraceAccess<T>,
  subject: T,
  records: Records,
): Promise<Records> {
  for (const record of records) await access.put(subject, record);
  return records;
}

/** Erases until nothing is left. @returns how many traces went */
export async function eraseAll(holder: TraceHolder, target: TraceTarget, limit: number): Promise<number> {
  let all = 0;
  for (let calls = 0; calls < 100; calls += 1) {
    const removed = await holder.eraseTraces(target, limit, never());
    assert.ok(removed <= limit, `${removed} of at most ${limit}`);
    if (removed === 0) return all;
    all += removed;
  }
  throw new Error('It never says that nothing is left.');
}

/** Fails unless a target has so many traces. */
export async function expectLeft<T>(
  access: TraceAccess<T>,
  subject: T,
  target: TraceTarget,
  count: number,
): Promise<void> {
  assert.equal(await access.holder(subject).countTraces(target, never()), count);
}

/** Fails unless all records are there, or none is. */
export async function expectThere<T>(
  access: TraceAccess<T>,
  subject: T,
  records: readonly TraceRecord[],
  isThere: boolean,
): Promise<void> {
  for (const record of records)
    assert.equal(await access.has(subject, record), isThere, `${record.id} is there`);
}
