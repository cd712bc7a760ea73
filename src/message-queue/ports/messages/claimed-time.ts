import type { DeliveryStatus } from './delivery-status.js';
import type { RecipientStatus } from './message-store.js';

/**
 * What is kept of a time that a client or a payload claims: nothing happened after the server heard of it.
 * @param receivedAt when the server did; for a job, when it was added
 */
export function claimedTime(claimed: Date | string, receivedAt: Date): Date {
  const at = claimed instanceof Date ? claimed : new Date(claimed);
  return at > receivedAt ? receivedAt : at;
}

type StepTimes = Pick<RecipientStatus, 'sentAt' | 'deliveredAt' | 'readAt'>;

/**
 * When a step happened, beside the steps that are known: not before the message was created or an earlier step, nor after a later one. The
 * one rule that every MessageStore follows in the statement that records a step.
 */
export function stepTime(
  step: { readonly status: DeliveryStatus; readonly at: Date },
  known: StepTimes,
  createdAt: Date,
): Date {
  const { sentAt, deliveredAt, readAt } = known;
  const { status, at } = step;
  const before = {
    read: deliveredAt ?? sentAt ?? createdAt,
    delivered: sentAt ?? createdAt,
  };
  const after = { sent: deliveredAt ?? readAt, delivered: readAt };
  const earliest = status in before ? before[status as keyof typeof before] : createdAt;
  const latest = status in after ? after[status as keyof typeof after] : null;
  const notTooEarly = at < earliest ? earliest : at;
  return latest !== null && notTooEarly > latest ? latest : notTooEarly;
}
