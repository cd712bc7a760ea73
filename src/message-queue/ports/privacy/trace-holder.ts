/** A conversation that its users deleted, and when. */
export interface Deletion {
  readonly conversationId: string;
  readonly deletedAt: Date;
}

/** Whose traces: what a clean-up, a deletion or an erasure is about. */
export type TraceTarget =
  /** Everything about these messages. At most 10 000 ids, which the caller has claimed: no legal hold keeps them. */
  | { readonly kind: 'messages'; readonly messageIds: readonly string[] }
  /** Everything in a conversation, also what its messages no longer lead to. */
  | { readonly kind: 'conversation'; readonly conversationId: string }
  /**
   * What was written in these conversations until each was deleted, also what no message leads to; what was written later lives, and stays.
   * At most 200 conversations, each once. A holder that does not know when, or where, its records were written has none.
   */
  | { readonly kind: 'deletions'; readonly deletions: readonly Deletion[] }
  /** What a person sent, was sent, or left about themselves. */
  | {
      readonly kind: 'subject';
      readonly subjectId: string;
      /** Records in these conversations stay: they are under legal hold, or dealt with by themselves. */
      readonly exceptConversations: readonly string[];
    };

/**
 * Holds copies of what people wrote or of who they are, and can say and remove what it has. Clean-up, shredding, erasure and recall are
 * built from all trace holders of an app: those of our ports, and whatever class that extends this one a host provides, under the class
 * itself as token:
 *
 * ```ts
 * @Injectable()
 * export class DraftTraces extends TraceHolder { readonly holds = 'drafts'; … }     // providers: [DraftTraces]
 * ```
 */
export abstract class TraceHolder {
  /** What it holds, as receipts name it, such as `search documents`. Unique in an app. */
  abstract readonly holds: string;

  /**
   * How many records it has of a target; 0 for a kind of target that its records cannot be found by. Changes nothing, and does not count
   * what a legal hold keeps.
   */
  abstract countTraces(target: TraceTarget, signal: AbortSignal): Promise<number>;

  /**
   * Removes the next of them for good, in one short transaction. Safe to repeat, and to call twice at once. What a legal hold keeps stays,
   * where this holder can tell.
   * @param limit at most so many records, 1 to 10 000
   * @returns how many were removed; 0: none is left
   */
  abstract eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number>;
}
