import type { ErasureRecord } from '../../ports/privacy/tombstone.js';

/** What the recall of a message came to. */
export interface RecallReceipt {
  /** Of its erasure: `privacy.receipt(id)` says how far that is. */
  readonly id: string;
  /** Recipients who had the message, whether they looked at it or not: what was seen cannot be unseen. */
  readonly hadIt: number;
  /** Recipients whose devices took note at once. The others who had it are told when they are back. */
  readonly told: number;
  /** Jobs of the message that were removed, runs that were aborted among them. */
  readonly cancelled: number;
  /** Whether a legal hold keeps the text: hidden, and removed when the hold ends. */
  readonly held: boolean;
}

/** The receipt of a recall. @param jobs what holds the jobs, as its figures are named */
export function recallReceipt(
  { receiptId, recall, holders, held }: ErasureRecord,
  jobs: string,
): RecallReceipt {
  return {
    id: receiptId,
    hadIt: recall?.hadIt ?? 0,
    told: recall?.told ?? 0,
    cancelled: holders.find(({ name }) => name === jobs)?.removed ?? 0,
    held: held.length > 0,
  };
}
