import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type * as WebPushModule from 'web-push';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import { DestinationBusyError } from '../../ports/destination-errors.js';
import { NotificationSendError, PushChannel } from '../../ports/notifications/notification-channel.js';
import type {
  ChannelReceipt,
  FittedDraft,
  NotificationDraft,
  OutgoingNotification,
} from '../../ports/notifications/notification-channel.js';
import { DoubtfulRefusals } from '../shared/push/doubtful-refusals.js';
import { fittedPush, sendablePush } from '../shared/push/fitted-push.js';
import type { PushLimits } from '../shared/push/fitted-push.js';
import { keepingAgent, postPush } from './post-push.js';
import type { PushAnswer, PushRequest } from './post-push.js';
import { isKeyPair, isPoint } from './p256-points.js';
import { receiptOf } from './web-push-answer.js';
import { resolveWebPushOptions } from './web-push-options.js';
import type { ResolvedWebPushOptions, WebPushOptions } from './web-push-options.js';
import { pushDestination } from './web-push-subscription.js';
import type { PushDestination } from './web-push-subscription.js';

/** What a push service has to take (RFC 8030: 4 096 bytes), less what encryption adds (RFC 8291: 103). */
const MAX_PAYLOAD_BYTES = 3_993;
const NO_SUBSCRIPTION = {
  outcome: 'refused',
  reason: 'invalid',
  detail: 'Web Push: not a subscription',
} as const;

const NO_PAIR = [
  'The options of WebPushChannel are wrong:',
  [{ path: 'privateKey', message: 'does not belong to publicKey' }],
] as const;

type EncryptedPush = Pick<PushRequest, 'endpoint' | 'headers' | 'body'>;

/**
 * Pushes to browsers: Web Push with VAPID, encrypted for the browser (package `web-push`).
 *
 * ```ts
 * adapters: [{ provide: PushChannel, useFactory: () => new WebPushChannel({ subject, publicKey, privateKey }) }]
 * ```
 *
 * The device token is the subscription as JSON. The service worker gets JSON: `notificationId`, `title`, `body`, `messageId` and the
 * fields of `pushPayload`; a repeat has the same `notificationId`, and replaces the first one while the device is away. Each push service
 * is one of its own: one that is down keeps no push from the others.
 */
@Injectable()
export class WebPushChannel extends PushChannel implements OnApplicationShutdown {
  private readonly options: ResolvedWebPushOptions;
  private readonly library: typeof WebPushModule;
  private readonly agent: ReturnType<typeof keepingAgent>;
  private readonly doubts = new DoubtfulRefusals();

  /** @throws InvalidConfigurationError, MissingPackageError */
  constructor(options: WebPushOptions) {
    super();
    this.options = resolveWebPushOptions(options);
    this.library = loadOptionalPackage('web-push', 'Web Push notifications');
    const { publicKey, privateKey } = this.options;
    // With another key every service would refuse every subscription.
    if (!isKeyPair(publicKey, privateKey)) throw new InvalidConfigurationError(...NO_PAIR);
    this.agent = this.options.agent ?? keepingAgent();
  }

  /** @returns `web:` and the host of the browser's push service; `web` where a push leads nowhere */
  override serviceOf({ destination }: Pick<OutgoingNotification, 'destination'>): string {
    try {
      const found = pushDestination(destination, this.options.allowedHosts);
      return found === null ? 'web' : `web:${found.host}`;
    } catch {
      return 'web';
    }
  }

  override fit(draft: NotificationDraft): FittedDraft {
    return fittedPush(draft, this.limits());
  }

  /**
   * @throws UnrecoverableJobError, DestinationBusyError, ChannelSettingsError, NotificationSendError, and the signal's reason;
   * docs/notifications.md says which answer means what
   */
  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    signal.throwIfAborted();
    const destination = pushDestination(notification.destination, this.options.allowedHosts);
    if (destination === null || !isPoint(destination.subscription.keys.p256dh)) return NO_SUBSCRIPTION;
    const call = this.encrypted(sendablePush(notification, this.limits()), destination);
    const service = destination.isOneOfMany ? 'others' : destination.host;
    const receipt = receiptOf(await this.post(call, destination, signal), {
      isAtFault: () => this.doubts.isOfDestination(service, notification.destination),
    });
    if (receipt.outcome === 'sent') this.doubts.taken(service);
    return receipt;
  }

  /** Closes idle connections after the queues have drained; an agent of the host's own is left to it. */
  onApplicationShutdown(): void {
    if (this.options.agent === undefined) this.agent.destroy();
  }

  private limits(): PushLimits {
    return {
      service: 'Web Push',
      maxBytes: MAX_PAYLOAD_BYTES,
      overlong: this.options.overlong,
      bytesOf: (draft, notificationId) => Buffer.byteLength(payloadOf(draft, notificationId)),
      issuesOf: () => [],
    };
  }

  private async post(
    call: EncryptedPush,
    { isOneOfMany }: PushDestination,
    signal: AbortSignal,
  ): Promise<PushAnswer> {
    const either = AbortSignal.any([signal, AbortSignal.timeout(this.options.timeoutMs)]);
    try {
      return await postPush({ ...call, agent: this.agent, signal: either });
    } catch (error) {
      signal.throwIfAborted();
      const reason = reasonOf(error);
      const what = `The push service did not answer (${reason}).`;
      // No push service has this name; whoever registered it made it up, or it was given up.
      throw reason === 'ENOTFOUND' && isOneOfMany
        ? new DestinationBusyError(what)
        : new NotificationSendError(what);
    }
  }

  private encrypted(notification: OutgoingNotification, { subscription }: PushDestination): EncryptedPush {
    const { defaultTtlSeconds, subject, publicKey, privateKey } = this.options;
    const { expiresAt } = notification;
    const payload = payloadOf(notification, notification.notificationId);
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
      throw new UnrecoverableJobError('The push could not be encrypted with the keys of the subscription.');
    }
  }
}

function payloadOf({ title, body, messageId, push }: NotificationDraft, notificationId: string): string {
  return JSON.stringify({ ...push, notificationId, title, body, messageId });
}

/** A waiting push is replaced by one with the same topic: of the same tag, else the same notification again. */
function topicOf({ notificationId, push }: OutgoingNotification): string {
  const name = push?.tag === undefined ? `id ${notificationId}` : `tag ${push.tag}`;
  return createHash('sha256').update(name).digest('base64url').slice(0, 32);
}

/** Code or name of whatever was thrown; its message may hold the address. */
function reasonOf(error: unknown): string {
  const { code, name } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    name?: unknown;
  };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}
