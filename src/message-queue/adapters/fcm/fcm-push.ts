import { createHash } from 'node:crypto';
import type {
  NotificationDraft,
  OutgoingNotification,
} from '../../ports/notifications/notification-channel.js';
import { dataIssues, imageIssues, isWebUrl } from '../shared/push/push-formats.js';
import type { OverlongPush, PushLimits } from '../shared/push/fitted-push.js';
import type { FcmMessage } from './fcm-messaging.js';

const MAX_MESSAGE_BYTES = 4_096;
/** What Google adds to what it forwards to Apple: `gcm.message_id` and `google.c.…`. */
const ADDED_FOR_APPLE_BYTES = 200;
/** Of Android and of iOS; a word, or the beginning of one. */
const RESERVED = /^(from|message_type|collapse_key|aps|gcm|google)$|^(gcm|google)\./;

/** What FCM takes: 4 096 bytes of notification and data, on Android and as what it forwards to Apple. */
export function fcmLimits(overlong: OverlongPush): PushLimits {
  return {
    service: 'FCM',
    maxBytes: MAX_MESSAGE_BYTES,
    overlong,
    bytesOf,
    issuesOf: (draft) => [
      ...imageIssues(draft, 'FCM'),
      ...dataIssues(draft, { service: 'FCM', isReserved: (key) => RESERVED.test(key) }, ownData(draft, '')),
    ],
  };
}

/** One notification as FCM takes it. */
export function messageOf(notification: OutgoingNotification, now: number): FcmMessage {
  const { notificationId, destination, title, body, push = {}, expiresAt, urgent } = notification;
  const collapse = createHash('sha256').update(
    push.tag === undefined ? `id ${notificationId}` : `tag ${push.tag}`,
  );
  const collapseKey = collapse.digest('base64url').slice(0, 32);
  const { tag, sound, icon, image, clickAction, badge } = push;
  // A link opens nothing where the app's own names are expected: the app finds it in the data.
  const action = clickAction !== undefined && !isWebUrl(clickAction) ? clickAction : undefined;
  const ownIcon = icon !== undefined && !isWebUrl(icon) ? icon : undefined;
  const data = Object.entries(push.data ?? {}).map(([key, value]) => [key, String(value)] as const);
  return {
    token: destination,
    notification: { title, body, ...(image !== undefined && { imageUrl: image }) },
    data: { ...Object.fromEntries(data), ...ownData(notification, notificationId) },
    android: {
      priority: 'high',
      ...(expiresAt !== null && { ttl: Math.max(0, expiresAt - now) }),
      collapseKey,
      notification: given({ tag, sound, icon: ownIcon, clickAction: action }),
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
          category: action,
          'interruption-level': urgent ? 'time-sensitive' : undefined,
        }),
      },
    },
  };
}

/** The entries of data that every push has. */
function ownData({ messageId, push }: NotificationDraft, notificationId: string): Record<string, string> {
  const { clickAction } = push ?? {};
  return {
    notificationId,
    ...(messageId !== undefined && { messageId }),
    ...(clickAction !== undefined && isWebUrl(clickAction) && { clickAction }),
  };
}

/** The longer of both: as Android and as Apple's devices get it. */
function bytesOf(draft: NotificationDraft, notificationId: string): number {
  const sent = { recipientId: '', destination: '', urgent: true, expiresAt: null };
  const { notification, data, android, apns } = messageOf({ ...draft, ...sent, notificationId }, 0);
  const { title, body, imageUrl } = notification;
  const ofAndroid = { notification: { title, body, image: imageUrl, ...android.notification }, data };
  const ofApple = { aps: { alert: { title, body }, ...apns.payload.aps }, image: imageUrl, ...data };
  return Math.max(bytes(ofAndroid), bytes(ofApple) + ADDED_FOR_APPLE_BYTES);
}

function bytes(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Without what is undefined: firebase-admin refuses it. */
function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
