/** What can be erased. */
export const ErasedKind = { CONVERSATION: 'conversation', SUBJECT: 'subject', MESSAGE: 'message' } as const;

/** One of {@link ErasedKind}'s values. */
export type ErasedKind = (typeof ErasedKind)[keyof typeof ErasedKind];

/** Whether a value is a kind of what can be erased. */
export function isErasedKind(value: unknown): value is ErasedKind {
  return Object.values<unknown>(ErasedKind).includes(value);
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
}

/** How far an erasure is: work is left, a legal hold keeps a part of it, or every holder was counted and is empty. */
export const ErasureState = { INCOMPLETE: 'incomplete', HELD: 'held', DONE: 'done' } as const;

/** One of {@link ErasureState}'s values. */
export type ErasureState = (typeof ErasureState)[keyof typeof ErasureState];

/** Whether a value is a state of an erasure. */
export function isErasureState(value: unknown): value is ErasureState {
  return Object.values<unknown>(ErasureState).includes(value);
}

/** What one trace holder had. */
export interface ErasedRecords {
  /** The trace holder's `holds`. */
  readonly name: string;
  readonly found: number;
  readonly removed: number;
  readonly left: number;
}

/** What a legal hold keeps of a person. */
export interface HeldRecords {
  readonly conversationId: string;
  readonly records: number;
}

/** Whom the recall of a message concerned. */
export interface RecallFigures {
  /** Recipients who had it. */
  readonly hadIt: number;
  /** People whose devices took note of the recall at once, among recipients. */
  readonly told: number;
}

/** An erasure as it is kept: who goes on with it finds here what is to be done, and whoever asks gets its receipt from it. */
export interface ErasureRecord {
  readonly receiptId: string;
  readonly kind: ErasedKind;
  /** A keyed hash of kind and id. One erasure per hash. */
  readonly hash: string;
  /** What is erased; null once it is done, so that nothing names it any more. */
  readonly targetId: string | null;
  /** Who asked. */
  readonly by: string;
  /** A code; null where none was given. */
  readonly reason: string | null;
  /** When it began. */
  readonly at: Date;
  readonly state: ErasureState;
  readonly holders: readonly ErasedRecords[];
  /** Empty once it is done. */
  readonly held: readonly HeldRecords[];
  readonly keysDestroyed: number;
  /** When the last of them was destroyed; null while none was. */
  readonly keysDestroyedAt: Date | null;
  /** Of the recall of a message; null while nobody was told, and for whatever else is erased. */
  readonly recall: RecallFigures | null;
}
