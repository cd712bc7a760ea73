import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type * as WebPushModule from 'web-push';
import { RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import { NotificationSendError, PushChannel } from '../../ports/notifications/notification-channel.js';
import type { ChannelReceipt, OutgoingNotification } from '../../ports/notifications/notification-channel.js';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import { retryAfterMs } from '../shared/retry-after.js';
import { keepingAgent, postPush } from './post-push.js';
import type { PushAnswer, PushRequest } from './post-push.js';
import { resolveWebPushOptions } from './web-push-options.js';
import type { ResolvedWebPushOptions, WebPushOptions } from './web-push-options.js';
import { parseSubscription } from './web-push-subscription.js';

/** What a push service has to take (RFC 8030: 4 096 bytes), less what encryption adds. */
const MAX_PAYLOAD_BYTES = 3_993;
const RETRY_MS = 60_000;
const MAX_RETRY_MS = 24 * 3_600_000;

type EncryptedPush = Pick<PushRequest, 'endpoint' | 'headers' | 'body'>;

/**
 * Pushes to browsers: Web Push with VAPID, encrypted for the browser (package `web-push`).
 *
 * ```ts
 * adapters: [{ provide: PushChannel, useFactory: () => new WebPushChannel({ subject, publicKey, privateKey }) }]
 * ```
 *
 * The device token is the subscription as JSON. The service worker gets JSON: `notificationId`, `title`, `body`, `messageId` and the
 * fields of `pushPayload`; a repeat has the same `notificationId`, and replaces the first one while the device is away.
 *
 * 404, 410 → `unregistered`; 429 and `Retry-After` → RetryLater; other 4xx → UnrecoverableJobError; 5xx and network →
 * NotificationSendError.
 */
@Injectable()
export class WebPushChannel extends PushChannel implements OnApplicationShutdown {
  private readonly options: ResolvedWebPushOptions;
  private readonly library: typeof WebPushModule;
  private readonly agent: ReturnType<typeof keepingAgent>;

  /** @throws InvalidConfigurationError, MissingPackageError */
  constructor(options: WebPushOptions) {
    super();
    this.options = resolveWebPushOptions(options);
    this.library = loadOptionalPackage('web-push', 'Web Push notifications');
    this.agent = this.options.agent ?? keepingAgent();
  }

  /** @throws UnrecoverableJobError, RetryLater, NotificationSendError, and the signal's reason */
  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    signal.throwIfAborted();
    const call = this.encrypted(notification);
    return receiptOf(await this.post(call, signal));
  }

  /** Closes idle connections after the queues have drained; an agent of the host's own is left to it. */
  onApplicationShutdown(): void {
    if (this.options.agent === undefined) this.agent.destroy();
  }

  private async post(call: EncryptedPush, signal: AbortSignal): Promise<PushAnswer> {
    const either = AbortSignal.any([signal, AbortSignal.timeout(this.options.timeoutMs)]);
    try {
      return await postPush({ ...call, agent: this.agent, signal: either });
    } catch (error) {
      signal.throwIfAborted();
      throw new NotificationSendError(`The push service did not answer (${reasonOf(error)}).`);
    }
  }

  private encrypted(notification: OutgoingNotification): EncryptedPush {
    const { allowedHosts, defaultTtlSeconds, subject, publicKey, privateKey } = this.options;
    const subscription = parseSubscription(notification.destination, allowedHosts);
    const { expiresAt } = notification;
    const payload = payloadOf(notification);
    try {
      const { headers, body, endpoint } = this.library.generateRequestDetails(subscription, payload, {
        vapidDetails: { subject, publicKey, privateKey },
        TTL:
          expiresAt === null ? defaultTtlSeconds : Math.max(0, Math.floor((expiresAt - Date.now()) / 1_000)),
        urgency: notification.urgent ? 'high' : 'normal',
        topic: topicOf(notification),
        contentEncoding: 'aes128gcm',
      });
      return { headers: headers, body: body, endpoint };
    } catch {
      // The library's own message may quote the subscription.
      throw new UnrecoverableJobError(
        'The push could not be encrypted: the keys of the subscription are not P-256 keys.',
      );
    }
  }
}

function payloadOf(notification: OutgoingNotification): string {
  const { notificationId, title, body, messageId, push } = notification;
  const payload = JSON.stringify({ ...push, notificationId, title, body, messageId });
  const bytes = Buffer.byteLength(payload);
  if (bytes <= MAX_PAYLOAD_BYTES) return payload;
  throw new UnrecoverableJobError(
    `The push has ${bytes} bytes; push services take ${MAX_PAYLOAD_BYTES}: shorten title, message or data.`,
  );
}

/** A waiting push is replaced by one with the same topic: of the same tag, else the same notification again. */
function topicOf({ notificationId, push }: OutgoingNotification): string {
  const name = push?.tag === undefined ? `id ${notificationId}` : `tag ${push.tag}`;
  return createHash('sha256').update(name).digest('base64url').slice(0, 32);
}

function receiptOf({ status, headers }: PushAnswer): ChannelReceipt {
  if (status >= 200 && status < 300) {
    // The message's own address at the service; its last part is the id.
    const providerId = headers.location?.split('/').at(-1)?.slice(0, 200);
    return { outcome: 'sent', ...(providerId !== undefined && providerId !== '' && { providerId }) };
  }
  if (status === 404 || status === 410) return { outcome: 'unregistered' };
  const waitMs = retryAfterMs(headers['retry-after'], Date.now(), MAX_RETRY_MS);
  if (status === 429 || (status >= 500 && waitMs !== null)) {
    throw new RetryLater(waitMs ?? RETRY_MS, `The push service answered ${status}.`);
  }
  if (status >= 500 || status === 408 || status === 425) {
    throw new NotificationSendError(`The push service answered ${status}.`);
  }
  const hint = HINTS[status] ?? 'it will never take this push.';
  throw new UnrecoverableJobError(`The push service answered ${status}: ${hint}`);
}

const HINTS: Readonly<Record<number, string>> = {
  401: 'check the VAPID keys.',
  403: 'check the VAPID keys; the browser may have subscribed with another public key.',
  413: 'the push is too large; shorten title, message or data.',
};

/** Code or name of whatever was thrown; its message may hold the address. */
function reasonOf(error: unknown): string {
  const { code, name } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    name?: unknown;
  };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}
