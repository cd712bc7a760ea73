import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import { NotificationSendError, PushChannel } from '../../ports/notification-channel.js';
import type { ChannelReceipt, OutgoingNotification } from '../../ports/notification-channel.js';
import { untilAborted } from '../until-aborted.js';
import type { FcmMessage, FcmMessaging } from './fcm-messaging.js';

const RETRY_MS = 60_000;

/** The token is gone, or was never one. */
const GONE: readonly string[] = [
  'messaging/registration-token-not-registered',
  'messaging/invalid-registration-token',
];
/** Too many for now, of the project or for this device. */
const TOO_MANY: readonly string[] = [
  'messaging/message-rate-exceeded',
  'messaging/device-message-rate-exceeded',
  'messaging/quota-exceeded',
];
/** About this push or this token; the rest is about the service, the network or our credentials. */
const HOPELESS =
  /^messaging\/(invalid-(?!apns-credentials)|payload-size-limit-exceeded|mismatched-credential)/;

/**
 * Pushes to Android, iOS (through APNs) and browsers by Firebase Cloud Messaging. The host owns the Firebase app:
 *
 * ```ts
 * adapters: [{ provide: PushChannel, useFactory: () => new FcmPushChannel(getMessaging(initializeApp({ credential }))) }]
 * ```
 *
 * Every push is one that people see, so it goes out with high priority. FCM knows no idempotency key: a repeat has the same collapse
 * key, and replaces the first one while the device is away.
 */
@Injectable()
export class FcmPushChannel extends PushChannel {
  constructor(private readonly messaging: FcmMessaging) {
    super();
  }

  /** @throws UnrecoverableJobError, RetryLater, NotificationSendError, and the signal's reason */
  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    signal.throwIfAborted();
    try {
      // The library knows no signals: an aborted push may still go out, but the job does not wait for it.
      const name = await untilAborted(this.messaging.send(messageOf(notification, Date.now())), signal);
      return { outcome: 'sent', providerId: name };
    } catch (error) {
      signal.throwIfAborted();
      const code = codeOf(error);
      if (GONE.includes(code)) return { outcome: 'unregistered' };
      if (TOO_MANY.includes(code)) throw new RetryLater(RETRY_MS, `FCM answered ${code}.`);
      // FCM's own message may repeat the token.
      if (HOPELESS.test(code))
        throw new UnrecoverableJobError(`FCM answered ${code}: it will never take this push.`);
      throw new NotificationSendError(`FCM did not take the push (${code}).`);
    }
  }
}

function messageOf(notification: OutgoingNotification, now: number): FcmMessage {
  const { notificationId, messageId, destination, title, body, push = {}, expiresAt, urgent } = notification;
  const collapse = createHash('sha256').update(
    push.tag === undefined ? `id ${notificationId}` : `tag ${push.tag}`,
  );
  const collapseKey = collapse.digest('base64url').slice(0, 32);
  const data = Object.entries(push.data ?? {}).map(([key, value]) => [key, String(value)] as const);
  const { tag, sound, icon, image, clickAction, badge } = push;
  return {
    token: destination,
    notification: { title, body, ...(image !== undefined && { imageUrl: image }) },
    data: { ...Object.fromEntries(data), notificationId, ...(messageId !== undefined && { messageId }) },
    android: {
      priority: 'high',
      ...(expiresAt !== null && { ttl: Math.max(0, expiresAt - now) }),
      collapseKey,
      notification: given({ tag, sound, icon, clickAction }),
    },
    apns: {
      headers: {
        'apns-priority': '10',
        'apns-collapse-id': collapseKey,
        ...(expiresAt !== null && { 'apns-expiration': String(Math.floor(expiresAt / 1_000)) }),
      },
      payload: {
        aps: given({
          badge,
          sound,
          category: clickAction,
          'interruption-level': urgent ? 'time-sensitive' : undefined,
        }),
      },
    },
  };
}

/** Without what is undefined: firebase-admin refuses it. */
function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function codeOf(error: unknown): string {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code.slice(0, 100) : 'no code';
}
