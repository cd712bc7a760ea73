import { RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import { NotificationSendError } from '../../ports/notifications/notification-channel.js';
import { retryAfterMs } from '../shared/retry-after.js';

const RETRY_MS = 60_000;
const MAX_RETRY_MS = 24 * 3_600_000;

/** The token is gone, or was never one. */
const GONE: readonly string[] = [
  'messaging/registration-token-not-registered',
  'messaging/invalid-registration-token',
];
/** Too many requests for now, of the project or for this device. */
const TOO_MANY: readonly string[] = [
  'messaging/message-rate-exceeded',
  'messaging/device-message-rate-exceeded',
  'messaging/quota-exceeded',
];
/** About this push or this token; the rest is about the service, the network or our credentials. */
const HOPELESS =
  /^messaging\/(invalid-(?!apns-credentials)|payload-size-limit-exceeded|mismatched-credential)/;

/** Whether FCM no longer knows the token. */
export function isGone(error: unknown): boolean {
  return GONE.includes(codeOf(error));
}

/** What a failure of firebase-admin means for the job. */
export function fcmFailure(error: unknown): Error {
  const code = codeOf(error);
  const waitMs = retryAfterMs(retryAfterOf(error), Date.now(), MAX_RETRY_MS);
  if (TOO_MANY.includes(code) || (code === 'messaging/server-unavailable' && waitMs !== null)) {
    return new RetryLater(waitMs ?? RETRY_MS, `FCM answered ${code}.`);
  }
  // FCM's own message may repeat the token.
  if (HOPELESS.test(code)) {
    return new UnrecoverableJobError(
      `FCM answered ${code}: ${HINTS[code] ?? 'it will never take this push.'}`,
    );
  }
  return new NotificationSendError(`FCM did not take the push (${code}).`);
}

const HINTS: Readonly<Record<string, string>> = {
  'messaging/mismatched-credential':
    'the device belongs to another Firebase project, or the service account may not send for this one.',
};

function codeOf(error: unknown): string {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code.slice(0, 100) : 'no code';
}

/** firebase-admin 14 keeps the answer's headers in its errors, 13 does not. */
function retryAfterOf(error: unknown): string | undefined {
  const { httpResponse } = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly httpResponse?: { readonly headers?: Readonly<Record<string, unknown>> };
  };
  const header = httpResponse?.headers?.['retry-after'];
  return typeof header === 'string' ? header : undefined;
}
