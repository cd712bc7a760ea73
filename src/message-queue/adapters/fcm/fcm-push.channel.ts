import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { NotificationSendError, PushChannel } from '../../ports/notifications/notification-channel.js';
import type { ChannelReceipt, OutgoingNotification } from '../../ports/notifications/notification-channel.js';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import { fcmFailure, isGone } from './fcm-failure.js';
import type { FcmMessage, FcmMessaging } from './fcm-messaging.js';
import { FCM_TIMEOUT_MS, resolveFcmOptions } from './fcm-options.js';
import type { FcmOptions } from './fcm-options.js';
import { FirebaseSender } from './firebase-sender.js';

/**
 * Pushes to Android, iOS (through APNs) and browsers by Firebase Cloud Messaging (package `firebase-admin`), with a Firebase app of its
 * own or one of the host's:
 *
 * ```ts
 * adapters: [{ provide: PushChannel, useFactory: () => new FcmPushChannel({ serviceAccountFile: 'firebase.json' }) }]
 * adapters: [{ provide: PushChannel, useFactory: () => new FcmPushChannel(getMessaging(firebaseApp)) }]
 * ```
 *
 * Every push is one that people see, so it goes out with high priority. FCM has no idempotency keys: a repeat has the same collapse
 * key, and replaces the first one while the device is away. firebase-admin repeats 503 and broken connections by itself and takes no
 * AbortSignal: over an app of the host's such a repeat may go out after the job has stopped, over the channel's own app none does.
 */
@Injectable()
export class FcmPushChannel extends PushChannel implements OnApplicationShutdown {
  private readonly own: FirebaseSender | null;
  private readonly deliver: (message: FcmMessage, signal: AbortSignal) => Promise<string>;
  private readonly timeoutMs: number;

  /**
   * @param source how to sign in, or the host's own `getMessaging(app)`
   * @throws MissingPackageError, InvalidConfigurationError
   */
  constructor(source: FcmOptions | FcmMessaging) {
    super();
    if ('send' in source) {
      this.own = null;
      this.timeoutMs = FCM_TIMEOUT_MS;
      this.deliver = (message, signal) => untilAborted(source.send(message), signal);
    } else {
      const options = resolveFcmOptions(source);
      this.timeoutMs = options.timeoutMs;
      const own = new FirebaseSender(options);
      this.own = own;
      this.deliver = (message, signal) => own.send(message, signal);
    }
  }

  /** @throws UnrecoverableJobError, RetryLater, NotificationSendError, and the signal's reason */
  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    signal.throwIfAborted();
    const timeout = AbortSignal.timeout(this.timeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    try {
      const name = await this.deliver(messageOf(notification, Date.now()), either);
      return { outcome: 'sent', providerId: name };
    } catch (error) {
      signal.throwIfAborted();
      if (timeout.aborted) throw new NotificationSendError('FCM did not answer (TimeoutError).');
      if (isGone(error)) return { outcome: 'unregistered' };
      throw fcmFailure(error);
    }
  }

  /** Closes the channel's own app after the queues have drained; one of the host's is left to it. */
  async onApplicationShutdown(): Promise<void> {
    await this.own?.close();
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
