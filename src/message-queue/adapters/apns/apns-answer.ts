import { RateLimited, UnrecoverableJobError } from '../../jobs/errors.js';
import { ChannelSettingsError, DestinationBusyError } from '../../ports/destination-errors.js';
import { NotificationSendError } from '../../ports/notifications/notification-channel.js';
import type { ChannelReceipt } from '../../ports/notifications/notification-channel.js';
import { retryAfterMs } from '../shared/retry-after.js';
import type { ApnsAnswer } from './apns-session.js';

const MAX_RETRY_MS = 24 * 3_600_000;
/** Apple takes a new provider token every 20 minutes. */
const TOKEN_UPDATES_MS = 20 * 60_000;

/** What an answer is about: this device for good or for now, this push, all of ours, our settings, or the service. */
type Subject = 'gone' | 'invalid' | 'busy' | 'push' | 'tokens' | 'settings' | 'service';

/** Apple's table of reasons ("Handling notification responses from APNs"); what is not in it goes by its status. */
const SUBJECTS: Readonly<Record<string, Subject>> = {
  // 400
  BadCollapseId: 'push',
  BadDeviceToken: 'invalid',
  BadExpirationDate: 'push',
  BadMessageId: 'push',
  BadPriority: 'push',
  BadTopic: 'settings',
  DeviceTokenNotForTopic: 'invalid',
  DuplicateHeaders: 'push',
  IdleTimeout: 'service',
  InvalidPushType: 'push',
  MissingDeviceToken: 'push',
  MissingTopic: 'settings',
  PayloadEmpty: 'push',
  TopicDisallowed: 'settings',
  // 403
  BadCertificate: 'settings',
  BadCertificateEnvironment: 'settings',
  BadEnvironmentKeyIdInToken: 'settings',
  ExpiredProviderToken: 'settings',
  Forbidden: 'settings',
  InvalidProviderToken: 'settings',
  MissingProviderToken: 'settings',
  UnrelatedKeyIdInToken: 'settings',
  // 404, 405
  BadPath: 'settings',
  MethodNotAllowed: 'settings',
  // 410
  ExpiredToken: 'gone',
  Unregistered: 'gone',
  // 413, 429
  PayloadTooLarge: 'push',
  TooManyProviderTokenUpdates: 'tokens',
  TooManyRequests: 'busy',
  // 500, 503
  InternalServerError: 'service',
  ServiceUnavailable: 'service',
  Shutdown: 'service',
};

const SUBJECTS_BY_STATUS: Readonly<Record<number, Subject>> = {
  400: 'push',
  410: 'gone',
  413: 'push',
  429: 'busy',
};

const HINTS: Readonly<Record<string, string>> = {
  BadTopic: 'check topic.',
  MissingTopic: 'check topic.',
  TopicDisallowed: 'check topic; the key may be limited to other apps.',
  BadDeviceToken:
    'no device was accepted so far, so check environment: tokens of development builds work with "development" only.',
  DeviceTokenNotForTopic: 'no device was accepted so far, so check topic: the devices belong to another app.',
  ExpiredProviderToken: 'check the clock of this machine.',
  InvalidProviderToken: 'check teamId, keyId and privateKey.',
  BadEnvironmentKeyIdInToken: 'check environment: the key is for the other one.',
  UnrelatedKeyIdInToken: 'check keyId and teamId.',
};

/** What is known of the device that an answer is for. */
export interface AskedDevice {
  /** Whether a refusal that could be about our settings as well is about this device. */
  readonly isAtFault: () => boolean;
}

/** @throws what the answer is about, where that is not the device for good; never with what was sent, or where */
export function receiptOf(answer: ApnsAnswer, device: AskedDevice): ChannelReceipt {
  const { status, reason, apnsId } = answer;
  const providerId = apnsId === undefined ? {} : { providerId: apnsId };
  if (status === 200) return { outcome: 'sent', ...providerId };
  const subject = subjectOf(answer);
  if (subject === 'gone')
    return { outcome: 'unregistered', detail: `APNs ${reason ?? status}`, ...providerId };
  if (subject === 'invalid' && device.isAtFault()) {
    return { outcome: 'refused', reason: 'invalid', detail: `APNs ${reason ?? status}`, ...providerId };
  }
  throw failureOf(subject, answer);
}

/** Whether a reason that a connection was ended with is about our settings. */
export function isAboutSettings(reason: string): boolean {
  return SUBJECTS[reason] === 'settings';
}

function subjectOf({ status, reason }: ApnsAnswer): Subject {
  if (reason !== undefined && Object.hasOwn(SUBJECTS, reason)) return SUBJECTS[reason] ?? 'service';
  const subject = SUBJECTS_BY_STATUS[status];
  return subject ?? (status >= 300 && status < 500 ? 'settings' : 'service');
}

function failureOf(subject: Subject, { status, reason, retryAfter }: ApnsAnswer): Error {
  const what = `APNs answered ${status}${reason === undefined ? '' : ` ${reason}`}`;
  const waitMs = retryAfterMs(retryAfter, Date.now(), MAX_RETRY_MS);
  switch (subject) {
    case 'push':
      return new UnrecoverableJobError(`${what}: it will never take this push.`);
    case 'busy':
      return new DestinationBusyError(`${what}: too many pushes for this device.`, waitMs);
    case 'tokens':
      return new RateLimited(
        waitMs ?? TOKEN_UPDATES_MS,
        `${what}: too many processes sign in with this key.`,
      );
    case 'service':
      return waitMs === null ? new NotificationSendError(`${what}.`) : new RateLimited(waitMs, `${what}.`);
    default:
      return new ChannelSettingsError(
        `${what}: ${HINTS[reason ?? ''] ?? 'check the options of ApnsPushChannel.'}`,
      );
  }
}
