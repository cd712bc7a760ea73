import type { WebhookAnswer } from '../shared/webhook/post-webhook.js';

/**
 * What an answer is about:
 *
 * - `delivered`: the message is there.
 * - `gone`: the endpoint wants nothing more, for good.
 * - `message`: this message, for good; others may pass.
 * - `busy`: the endpoint, for now.
 */
export type WebhookVerdict = 'delivered' | 'gone' | 'message' | 'busy';

/**
 * Statuses of the client's errors (RFC 9110, RFC 6585) that say something of the endpoint and nothing of the message: whoever runs it mends
 * that, or the host corrects the address or the secret, and then the message is taken. All others are about the message.
 */
const ABOUT_THE_ENDPOINT: ReadonlySet<number> = new Set([
  // Who may call it: a secret or a firewall that was changed on one side only, an unpaid bill, a proxy's password.
  ...[401, 402, 403, 407, 451],
  // Where it is: a route that is not there yet or any more, or not for POST; a host name that its server does not know (yet).
  ...[404, 405, 421, 426],
  // Not now: it waited for too long, something else is under way, too early, too many.
  ...[408, 409, 423, 424, 425, 429],
]);
const CONTENT_TOO_LARGE = 413;
const GONE = 410;

/**
 * Judges an answer by RFC 9110 and by Standard Webhooks 1.0 (2xx is success, 410 switches the endpoint off, everything else failed). 3xx is not
 * followed, and is about the endpoint: its address is to be corrected. 5xx is, whatever the number; so is what is no status of HTTP, which
 * counts as 5xx (RFC 9110, 15), and 101, which nobody asked for.
 */
export function verdictOf({ status, retryAfter }: WebhookAnswer): WebhookVerdict {
  if (status >= 200 && status < 300) return 'delivered';
  if (status === GONE) return 'gone';
  // "If the condition is temporary, the server should generate a Retry-After" (RFC 9110, 15.5.14).
  if (status === CONTENT_TOO_LARGE && retryAfter !== undefined) return 'busy';
  if (status < 400 || status >= 500 || ABOUT_THE_ENDPOINT.has(status)) return 'busy';
  return 'message';
}
