import type { MessageForRecipient } from './message-store.js';

/** A message for the delivery queue. Its `messageId` is the idempotency key: the same id again is added once. */
export type DispatchedMessage = Pick<
  MessageForRecipient,
  'messageId' | 'senderId' | 'recipientId' | 'conversationId' | 'content' | 'batchId' | 'createdAt'
> & { readonly requiresEncryption: boolean };

/**
 * - `queued`, `duplicate`: the delivery queue has it, now or since an earlier run.
 * - `rejected`: it never will; `reason` says why, without content.
 * - `retry`: not known or not now (no answer in time, queue full): hand on the same message again, after `retryAfterMs`.
 */
export type DispatchOutcome =
  | { readonly outcome: 'queued' | 'duplicate' }
  | { readonly outcome: 'rejected'; readonly reason: string }
  | { readonly outcome: 'retry'; readonly retryAfterMs: number };

/**
 * How a batch hands its messages to the delivery queue. The library's own adapter calls the facade's bulk add with the message id
 * as idempotency key; a slice never calls back up by itself.
 */
export abstract class DeliveryDispatch {
  /** Hands on one chunk; outcomes in the order of the messages. */
  abstract dispatchMany(
    messages: readonly DispatchedMessage[],
    signal: AbortSignal,
  ): Promise<DispatchOutcome[]>;
}
