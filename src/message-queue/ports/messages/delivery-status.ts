/** How far a message has come on its way to one recipient. `pending`: stored, waiting for the recipient to be reachable. */
export const DeliveryStatus = {
  PENDING: 'pending',
  SENT: 'sent',
  DELIVERED: 'delivered',
  READ: 'read',
  FAILED: 'failed',
} as const;

/** One of {@link DeliveryStatus}'s values. */
export type DeliveryStatus = (typeof DeliveryStatus)[keyof typeof DeliveryStatus];

/** Whether a value is a delivery status. */
export function isDeliveryStatus(value: unknown): value is DeliveryStatus {
  return Object.values<unknown>(DeliveryStatus).includes(value);
}

const RANK = { pending: 0, sent: 1, delivered: 2, read: 3 } as const;

/**
 * Whether a recipient's status moves on to `next`; the one rule every MessageStore follows.
 *
 * - pending → sent → delivered → read only goes forward: a late "sent" never overwrites "read".
 * - `failed` replaces only `pending` and `sent`: what has arrived cannot fail any more.
 * - From `failed`, `delivered` and `read` always win (they are evidence), `sent` and `pending` only when they are not older than
 *   the failure (a replayed dead letter, whose recipient may be offline).
 * @param current the stored status and when it was reached
 */
export function advancesStatus(
  current: { readonly status: DeliveryStatus; readonly at: Date },
  next: { readonly status: DeliveryStatus; readonly at: Date },
): boolean {
  if (next.status === 'failed') return current.status === 'pending' || current.status === 'sent';
  if (current.status === 'failed') {
    return RANK[next.status] >= RANK.delivered || next.at >= current.at;
  }
  return RANK[next.status] > RANK[current.status];
}
