import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { NotificationSendError, PushChannel } from '../../ports/notifications/notification-channel.js';
import type {
  ChannelReceipt,
  FittedDraft,
  NotificationDraft,
  OutgoingNotification,
} from '../../ports/notifications/notification-channel.js';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import { DoubtfulRefusals } from '../shared/push/doubtful-refusals.js';
import { fittedPush, sendablePush } from '../shared/push/fitted-push.js';
import type { PushLimits } from '../shared/push/fitted-push.js';
import { receiptOf } from './fcm-answer.js';
import type { FcmMessage, FcmMessaging } from './fcm-messaging.js';
import { FCM_TIMEOUT_MS, resolveFcmOptions } from './fcm-options.js';
import type { FcmOptions } from './fcm-options.js';
import { fcmLimits, messageOf } from './fcm-push.js';
import { FirebaseSender } from './firebase-sender.js';

const SERVICE = 'fcm';

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
  private readonly limits: PushLimits;
  private readonly doubts = new DoubtfulRefusals();

  /**
   * @param source how to sign in, or the host's own `getMessaging(app)`
   * @param options with the host's own: what becomes of a push that is too long. Default `refuse`
   * @throws MissingPackageError, InvalidConfigurationError
   */
  constructor(source: FcmOptions | FcmMessaging, options: Pick<FcmOptions, 'overlong'> = {}) {
    super();
    if ('send' in source) {
      const { overlong } = resolveFcmOptions(options);
      this.own = null;
      this.timeoutMs = FCM_TIMEOUT_MS;
      this.limits = fcmLimits(overlong);
      this.deliver = (message, signal) => untilAborted(source.send(message), signal);
    } else {
      const resolved = resolveFcmOptions({ ...source, ...options });
      this.timeoutMs = resolved.timeoutMs;
      this.limits = fcmLimits(resolved.overlong);
      const own = new FirebaseSender(resolved);
      this.own = own;
      this.deliver = (message, signal) => own.send(message, signal);
    }
  }

  /** @returns the platform: a key of Apple's that Firebase lacks stops no Android device */
  override serviceOf({ platform }: Pick<OutgoingNotification, 'platform'>): string {
    return platform ?? 'fcm';
  }

  override fit(draft: NotificationDraft): FittedDraft {
    return fittedPush(draft, this.limits);
  }

  /**
   * @throws UnrecoverableJobError, DestinationBusyError, RateLimited, ChannelSettingsError, NotificationSendError, and the signal's reason;
   * docs/notifications.md says which answer means what
   */
  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    signal.throwIfAborted();
    const message = messageOf(sendablePush(notification, this.limits), Date.now());
    const timeout = AbortSignal.timeout(this.timeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    try {
      const name = await this.deliver(message, either);
      this.doubts.taken(SERVICE);
      return { outcome: 'sent', providerId: name };
    } catch (error) {
      signal.throwIfAborted();
      if (timeout.aborted) throw new NotificationSendError('FCM did not answer (TimeoutError).');
      return receiptOf(error, {
        isAtFault: () => this.doubts.isOfDestination(SERVICE, notification.destination),
      });
    }
  }

  /** Closes the channel's own app after the queues have drained; one of the host's is left to it. */
  async onApplicationShutdown(): Promise<void> {
    await this.own?.close();
  }
}
