import { createHash } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http2';
import type {
  NotificationDraft,
  OutgoingNotification,
} from '../../ports/notifications/notification-channel.js';
import { dataIssues, imageIssues, isWebUrl } from '../shared/push/push-formats.js';
import type { PushLimits } from '../shared/push/fitted-push.js';
import type { ResolvedApnsOptions } from './apns-options.js';

const MAX_PAYLOAD_BYTES = 4_096;

/** What Apple takes of an alert: 4 096 bytes of JSON. */
export function apnsLimits({ overlong }: Pick<ResolvedApnsOptions, 'overlong'>): PushLimits {
  return {
    service: 'APNs',
    maxBytes: MAX_PAYLOAD_BYTES,
    overlong,
    // The longer of the two: urgent or not.
    bytesOf: (draft, notificationId) => Buffer.byteLength(payloadOf(draft, notificationId, true)),
    issuesOf: (draft) => [
      ...imageIssues(draft, 'APNs'),
      ...dataIssues(draft, { service: 'APNs', isReserved: (key) => key === 'aps' }, ownFields(draft, '')),
    ],
  };
}

/** The headers of one push. @param topic the app's bundle id */
export function headersOf(
  notification: OutgoingNotification,
  topic: string,
  token: string,
): OutgoingHttpHeaders {
  const { notificationId, destination, expiresAt, push } = notification;
  const collapse = push?.tag === undefined ? `id ${notificationId}` : `tag ${push.tag}`;
  return {
    ':method': 'POST',
    ':path': `/3/device/${destination}`,
    authorization: `bearer ${token}`,
    'apns-id': uuidOf(`${notificationId} ${destination}`),
    'apns-collapse-id': createHash('sha256').update(collapse).digest('base64url').slice(0, 32),
    'apns-push-type': 'alert',
    'apns-priority': '10',
    'apns-topic': topic,
    ...(expiresAt !== null && { 'apns-expiration': String(Math.max(0, Math.floor(expiresAt / 1_000))) }),
  };
}

/** The payload of one push, as JSON. */
export function payloadOf(draft: NotificationDraft, notificationId: string, urgent: boolean): string {
  const { title, body, push = {} } = draft;
  const { badge, sound, clickAction, image, data } = push;
  return JSON.stringify({
    ...data,
    ...ownFields(draft, notificationId),
    aps: {
      alert: { title, body },
      badge,
      sound,
      category: clickAction !== undefined && !isWebUrl(clickAction) ? clickAction : undefined,
      // Lets the app's notification service extension load the image.
      'mutable-content': image === undefined ? undefined : 1,
      'interruption-level': urgent ? 'time-sensitive' : undefined,
    },
  });
}

/** What stands beside `aps` for the app, and beside the data of the push. */
function ownFields({ messageId, push }: NotificationDraft, notificationId: string): Record<string, string> {
  const { image, clickAction } = push ?? {};
  return {
    notificationId,
    ...(messageId !== undefined && { messageId }),
    ...(image !== undefined && { image }),
    ...(clickAction !== undefined && isWebUrl(clickAction) && { clickAction }),
  };
}

/** The same UUID for the same text (version 8, RFC 9562: of a digest). */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  // Of the fourth group the first two bits are the variant: 8, 9, a or b.
  const variant = (8 + (parseInt(hex.charAt(16), 16) % 4)).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
