import { RateLimited, UnrecoverableJobError } from '../../jobs/errors.js';
import { ChannelSettingsError, DestinationBusyError } from '../../ports/destination-errors.js';
import { NotificationSendError } from '../../ports/notifications/notification-channel.js';
import type { ChannelReceipt } from '../../ports/notifications/notification-channel.js';
import { retryAfterMs } from '../shared/retry-after.js';

const RETRY_MS = 60_000;
const MAX_RETRY_MS = 24 * 3_600_000;

/** Too many requests for now, of the project, or of a device where its message says so. */
const TOO_MANY: readonly string[] = [
  'messaging/message-rate-exceeded',
  'messaging/quota-exceeded',
  'messaging/topics-message-rate-exceeded',
];
const SETTINGS: readonly string[] = [
  'messaging/third-party-auth-error',
  'messaging/authentication-error',
  'messaging/invalid-apns-credentials',
  'messaging/mismatched-credential',
];
/** How OAuth and Google's library say that the key is wrong; firebase-admin has one code for that and for a sign-in that broke off. */
const WRONG_KEY =
  /invalid_grant|invalid_client|unauthorized_client|invalid_scope|access_denied|default credentials|PEM|DECODER/;

/** What FCM says of a token that it may refuse because of our settings too. */
export interface AskedToken {
  /** Whether such a refusal is taken to be about the token. */
  readonly isAtFault: () => boolean;
}

/**
 * What an error of firebase-admin means (FCM's `ErrorCode` of HTTP v1, in that library's words).
 * @returns the outcome where FCM never takes anything for this token
 * @throws what it is about else; never with FCM's own message, which may repeat the token
 */
export function receiptOf(error: unknown, token: AskedToken): ChannelReceipt {
  const { code, message } = partsOf(error);
  if (code === 'messaging/registration-token-not-registered') {
    return { outcome: 'unregistered', detail: 'FCM UNREGISTERED' };
  }
  if (isNoToken(code, message)) {
    return { outcome: 'refused', reason: 'invalid', detail: 'FCM INVALID_ARGUMENT' };
  }
  const isOfAnotherSender = code === 'messaging/mismatched-credential' && !/permission/i.test(message);
  if (isOfAnotherSender && token.isAtFault()) {
    return { outcome: 'refused', reason: 'invalid', detail: 'FCM SENDER_ID_MISMATCH' };
  }
  throw failureOf(error);
}

/** HTTP v1 has one code for a token that is none and for any other field that is wrong. */
function isNoToken(code: string, message: string): boolean {
  return (
    code === 'messaging/invalid-registration-token' ||
    (code === 'messaging/invalid-argument' && /registration token/i.test(message))
  );
}

function failureOf(error: unknown): Error {
  const { code, message } = partsOf(error);
  const what = `FCM answered ${code}`;
  const waitMs = retryAfterMs(retryAfterOf(error), Date.now(), MAX_RETRY_MS);
  const isTooMany = TOO_MANY.includes(code);
  if (code === 'messaging/device-message-rate-exceeded' || (isTooMany && /device/i.test(message))) {
    return new DestinationBusyError(`${what}: too many pushes for this device.`, waitMs);
  }
  if (isTooMany || (code === 'messaging/server-unavailable' && waitMs !== null)) {
    return new RateLimited(waitMs ?? RETRY_MS, `${what}.`);
  }
  if (SETTINGS.includes(code) || (code === 'app/invalid-credential' && WRONG_KEY.test(message))) {
    return new ChannelSettingsError(`${what}: ${HINTS[code] ?? 'check the service account.'}`);
  }
  if (/^messaging\/(invalid-|payload-size-limit-exceeded)/.test(code)) {
    return new UnrecoverableJobError(`${what}: it will never take this push.`);
  }
  return new NotificationSendError(`FCM did not take the push (${code}).`);
}

const HINTS: Readonly<Record<string, string>> = {
  'messaging/mismatched-credential':
    'no token was taken so far, so check the service account: the devices belong to another Firebase project, or it may not send.',
  'messaging/third-party-auth-error':
    'check the APNs key and the Web Push certificate in the Firebase console, and the service account.',
  'app/invalid-credential': 'check the service account, and the clock of this machine.',
};

function partsOf(error: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly code?: unknown;
    readonly message?: unknown;
  };
  return {
    code: typeof code === 'string' ? code.slice(0, 100) : 'no code',
    message: typeof message === 'string' ? message : '',
  };
}

/** firebase-admin 14 keeps the answer's headers in its errors, 13 does not. */
function retryAfterOf(error: unknown): string | undefined {
  const { httpResponse } = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly httpResponse?: { readonly headers?: Readonly<Record<string, unknown>> };
  };
  const header = httpResponse?.headers?.['retry-after'];
  return typeof header === 'string' ? header : undefined;
}
