import { signWebhook, WebhookHeader } from './webhook-signature.js';

/** One event of Standard Webhooks. */
export interface WebhookEvent {
  /** The same in every repeat. */
  readonly id: string;
  readonly body: string;
}

/** The headers of one try, signed with every secret. @throws InvalidConfigurationError when one cannot be used */
export function webhookHeaders(
  secrets: readonly string[],
  { id, body }: WebhookEvent,
): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1_000);
  return {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'nestjs-message-queue',
    [WebhookHeader.ID]: id,
    [WebhookHeader.TIMESTAMP]: String(timestamp),
    [WebhookHeader.SIGNATURE]: secrets.map((secret) => signWebhook(secret, id, timestamp, body)).join(' '),
  };
}
