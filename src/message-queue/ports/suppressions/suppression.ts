/** What a suppressed destination takes no more of. */
export const SuppressionChannel = { PUSH: 'push', EMAIL: 'email', SMS: 'sms', WEBHOOK: 'webhook' } as const;

/** One of {@link SuppressionChannel}'s values. */
export type SuppressionChannel = (typeof SuppressionChannel)[keyof typeof SuppressionChannel];

/** Whether a value is a channel that destinations are suppressed on. */
export function isSuppressionChannel(value: unknown): value is SuppressionChannel {
  return Object.values<unknown>(SuppressionChannel).includes(value);
}

/**
 * Why a destination gets nothing more:
 *
 * - `opted-out`: whoever it belongs to wants none (STOP by SMS).
 * - `complained`: they reported it as spam.
 * - `bounced`: there is no such mailbox or subscriber.
 * - `gone`: there was one, and it is no more: a push subscription, a webhook.
 * - `invalid`: nothing of this channel can ever reach it, as an SMS a landline.
 * - `manual`: somebody said so.
 */
export const SuppressionReason = {
  OPTED_OUT: 'opted-out',
  COMPLAINED: 'complained',
  BOUNCED: 'bounced',
  GONE: 'gone',
  INVALID: 'invalid',
  MANUAL: 'manual',
} as const;

/** One of {@link SuppressionReason}'s values. */
export type SuppressionReason = (typeof SuppressionReason)[keyof typeof SuppressionReason];

/** Whether a value is a reason to suppress a destination. */
export function isSuppressionReason(value: unknown): value is SuppressionReason {
  return Object.values<unknown>(SuppressionReason).includes(value);
}

/** Reasons that are somebody's wish: they outrank those that only turned out. */
export const WISHED_SUPPRESSIONS: readonly SuppressionReason[] = [
  SuppressionReason.OPTED_OUT,
  SuppressionReason.COMPLAINED,
];

/** A destination that gets nothing more over a channel until somebody lifts it. */
export interface Suppression {
  readonly channel: SuppressionChannel;
  /** Mail address, phone number (E.164), device token, or URL of a webhook. */
  readonly destination: string;
  /** Whose it was when it was suppressed; null where nobody said. */
  readonly recipientId: string | null;
  readonly reason: SuppressionReason;
  /** What the service answered, as a code, such as `Twilio 21610`; at most 200 characters, never an address. */
  readonly detail: string | null;
  readonly at: Date;
}
