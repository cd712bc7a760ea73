/** What can be erased. */
export const ErasedKind = { CONVERSATION: 'conversation', SUBJECT: 'subject', MESSAGE: 'message' } as const;

/** One of {@link ErasedKind}'s values. */
export type ErasedKind = (typeof ErasedKind)[keyof typeof ErasedKind];

/** Whether a value is a kind of what can be erased. */
export function isErasedKind(value: unknown): value is ErasedKind {
  return Object.values<unknown>(ErasedKind).includes(value);
}

/** How far an erasure is: work is left, a legal hold keeps a part of it, or every holder was counted and is empty. */
export const TombstoneState = { INCOMPLETE: 'incomplete', HELD: 'held', DONE: 'done' } as const;

/** One of {@link TombstoneState}'s values. */
export type TombstoneState = (typeof TombstoneState)[keyof typeof TombstoneState];

/** Whether a value is a state of a tombstone. */
export function isTombstoneState(value: unknown): value is TombstoneState {
  return Object.values<unknown>(TombstoneState).includes(value);
}

/** Says that something was erased, so that no late job brings it back. Stays for good. */
export interface Tombstone {
  readonly kind: ErasedKind;
  /** A keyed hash of kind and id: unique over all kinds. */
  readonly hash: string;
  /** When it was written. */
  readonly at: Date;
  /** The erasure that it belongs to. */
  readonly receiptId: string;
  readonly state: TombstoneState;
}
