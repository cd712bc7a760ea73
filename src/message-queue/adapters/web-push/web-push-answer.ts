import { UnrecoverableJobError } from '../../jobs/errors.js';
import { ChannelSettingsError, DestinationBusyError } from '../../ports/destination-errors.js';
import { NotificationSendError } from '../../ports/notifications/notification-channel.js';
import type { ChannelReceipt } from '../../ports/notifications/notification-channel.js';
import { retryAfterMs } from '../shared/retry-after.js';
import type { PushAnswer } from './post-push.js';

const MAX_RETRY_MS = 24 * 3_600_000;
/** Our token itself is wrong: Apple's BadJwtToken and ExpiredJwtToken, Google's "invalid JWT provided". */
const OF_OUR_TOKEN = /jwt/i;
/** The browser subscribed with another key: Apple's VapidPkHashMismatch, Mozilla's and Google's words. */
const OF_ANOTHER_KEY = /mismatch|do not correspond/i;
/** With 400: the address is no device's. */
const OF_NO_DEVICE = /BadDeviceToken|InvalidRegistration/;

/** What a service says of a subscription that it may refuse because of our settings too. */
export interface AskedSubscription {
  /** Whether such a refusal is taken to be about the subscription. */
  readonly isAtFault: () => boolean;
}

/**
 * What an answer of a push service means (RFC 8030, RFC 8292).
 * @throws what it is about, where that is not the subscription for good; never with what was sent, where, or the service's words
 */
export function receiptOf(answer: PushAnswer, subscription: AskedSubscription): ChannelReceipt {
  const { status, headers, text } = answer;
  if (status >= 200 && status < 300) {
    // The message's own address at the service; its last part is the id.
    const providerId = headers.location?.split('/').at(-1)?.slice(0, 200);
    return { outcome: 'sent', ...(providerId !== undefined && providerId !== '' && { providerId }) };
  }
  const detail = `Web Push ${status}`;
  if (status === 404 || status === 410) return { outcome: 'unregistered', detail };
  const isOfNoDevice = status === 400 && OF_NO_DEVICE.test(text);
  if (isOfNoDevice || (isOfTheKey(answer) && subscription.isAtFault())) {
    return { outcome: 'refused', reason: 'invalid', detail };
  }
  throw failureOf(answer);
}

/** RFC 8292 answers a subscription made with another key with 403; so do some services any token that is wrong, and one uses 401. */
function isOfTheKey({ status, text }: PushAnswer): boolean {
  if (OF_OUR_TOKEN.test(text)) return false;
  return status === 403 || (status === 401 && OF_ANOTHER_KEY.test(text));
}

function failureOf({ status, headers }: PushAnswer): Error {
  const what = `The push service answered ${status}`;
  const waitMs = retryAfterMs(headers['retry-after'], Date.now(), MAX_RETRY_MS);
  if (status === 401 || status === 403) {
    return new ChannelSettingsError(
      `${what}: check publicKey, privateKey and subject, and the clock of this machine; browsers must have subscribed with this public key.`,
    );
  }
  // The wait is that of "the push resource", so of this subscription; Microsoft's service says 406 for it.
  if (status === 429 || status === 406 || (status >= 500 && waitMs !== null)) {
    return new DestinationBusyError(`${what}.`, waitMs);
  }
  // No redirect is followed, and no other push would go through: somebody corrects the address or the proxy.
  if ((status >= 300 && status < 400) || status === 405 || status === 407) {
    return new DestinationBusyError(`${what}.`, waitMs);
  }
  // 101 as well: nobody asked for another protocol.
  if (status < 200 || status >= 500 || status === 408 || status === 425) {
    return new NotificationSendError(`${what}.`);
  }
  return new UnrecoverableJobError(
    `${what}: ${status === 413 ? 'the push is too large; shorten title, message or data.' : 'it will never take this push.'}`,
  );
}
