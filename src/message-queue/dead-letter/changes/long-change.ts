import { MessageQueueError } from '../../../kernel/errors.js';
import type { OperatorEntry } from '../../broker/activity-store.js';
import type { LetterAction, LetterChange } from './letter-change.js';

/** A change of so many letters that it goes on by itself. */
export interface LongChange {
  readonly id: string;
  readonly action: LetterAction;
  /** `failed` too: the process that did it is gone. What has moved stays moved, and the same filter previews the rest. */
  readonly state: 'running' | 'done' | 'stopped' | 'failed';
  readonly by: string;
  readonly startedAt: Date;
  /** Letters of the preview. */
  readonly matched: number;
  readonly moved: number;
  /** Letters of the preview that were not there any more. */
  readonly gone: number;
  /** Known to the process that does it. */
  readonly failed: LetterChange['failed'];
}

/** There is no such operation, or it is so long ago that nobody knows of it. */
export class OperationNotFoundError extends MessageQueueError {
  readonly code = 'OPERATION_NOT_FOUND';
}

/** A running operation that has noted nothing for so long has lost its process, milliseconds. */
const SILENT_MS = 60_000;
/** Asks whichever process does it to stop. */
export const STOP = 'stop-operation';

/** How an operation is named in entries of operators. */
export function targetOf(id: string): string {
  return `operation ${id}`;
}

/**
 * What entries of operators tell of an operation that another process does, or did.
 * @param entries the newest first
 * @param now milliseconds since the epoch
 */
export function toldByEntries(id: string, entries: readonly OperatorEntry[], now: number): LongChange | null {
  const own = entries.filter(({ target, action }) => target === targetOf(id) && action !== STOP);
  const first = own.find(({ outcome }) => outcome === 'begun');
  const [last] = own;
  if (first === undefined || last === undefined) return null;
  const { action, by, at, count } = first;
  return {
    ...{ id, action: action as LetterAction, by, startedAt: new Date(at), matched: count ?? 0 },
    ...{ state: stateOf(last, now), moved: last === first ? 0 : (last.count ?? 0), gone: 0, failed: [] },
  };
}

function stateOf({ outcome, at }: OperatorEntry, now: number): LongChange['state'] {
  if (outcome === 'done' || outcome === 'stopped' || outcome === 'failed') return outcome;
  return now - at > SILENT_MS ? 'failed' : 'running';
}
