import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { ChannelSettingsError } from '../../ports/destination-errors.js';
import { NotificationSendError, PushChannel } from '../../ports/notifications/notification-channel.js';
import type {
  ChannelReceipt,
  FittedDraft,
  NotificationDraft,
  OutgoingNotification,
} from '../../ports/notifications/notification-channel.js';
import { DoubtfulRefusals } from '../shared/push/doubtful-refusals.js';
import { fittedPush, sendablePush } from '../shared/push/fitted-push.js';
import { isAboutSettings, receiptOf } from './apns-answer.js';
import { ApnsConnection } from './apns-connection.js';
import { resolveApnsOptions } from './apns-options.js';
import type { ApnsOptions, ResolvedApnsOptions } from './apns-options.js';
import { apnsLimits, headersOf, payloadOf } from './apns-push.js';
import { ConnectionEndedError } from './apns-session.js';
import type { ApnsAnswer } from './apns-session.js';
import { ProviderToken } from './provider-token.js';

const SERVICE = 'apns';
const DEVICE_TOKEN = /^([0-9a-f]{2}){32,100}$/i;

/**
 * Pushes to Apple's devices by APNs itself, over HTTP/2, without Firebase in between (package `jose`, which signs the token that says who we
 * are).
 *
 * ```ts
 * adapters: [{ provide: PushChannel, useFactory: () => new ApnsPushChannel({ teamId, keyId, privateKey, topic: 'com.example.chat' }) }]
 * ```
 *
 * The device token is the app's, in hexadecimal digits. The app gets an alert, and beside `aps` the fields `notificationId`, `messageId` and
 * the push's `data`. APNs has no idempotency keys: a repeat has the same `apns-id`, and the same `apns-collapse-id`, so it replaces the first
 * one on the device.
 */
@Injectable()
export class ApnsPushChannel extends PushChannel implements OnApplicationShutdown {
  private readonly options: ResolvedApnsOptions;
  private readonly token: ProviderToken;
  private readonly connection: ApnsConnection;
  private readonly doubts = new DoubtfulRefusals();

  /** @throws InvalidConfigurationError, MissingPackageError */
  constructor(options: ApnsOptions) {
    super();
    this.options = resolveApnsOptions(options);
    this.token = new ProviderToken(this.options);
    this.connection = new ApnsConnection(this.options);
  }

  /** @returns `apns` */
  override serviceOf(): string {
    return SERVICE;
  }

  override fit(draft: NotificationDraft): FittedDraft {
    return fittedPush(draft, apnsLimits(this.options));
  }

  /**
   * @throws UnrecoverableJobError, DestinationBusyError, RateLimited, ChannelSettingsError, NotificationSendError, and the signal's reason;
   * docs/notifications.md says which answer means what
   */
  override async send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    signal.throwIfAborted();
    const { destination } = notification;
    if (!DEVICE_TOKEN.test(destination)) {
      return { outcome: 'refused', reason: 'invalid', detail: 'APNs: not a device token' };
    }
    const push = sendablePush(notification, apnsLimits(this.options));
    const receipt = receiptOf(await this.answerTo(push, signal), {
      isAtFault: () => this.doubts.isOfDestination(SERVICE, destination),
    });
    if (receipt.outcome === 'sent') this.doubts.taken(SERVICE);
    return receipt;
  }

  /** Ends the connection, after the queues have drained. */
  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }

  private async answerTo(push: OutgoingNotification, signal: AbortSignal): Promise<ApnsAnswer> {
    const either = AbortSignal.any([signal, AbortSignal.timeout(this.options.timeoutMs)]);
    try {
      const token = await this.token.current();
      const answer = await this.post(push, token, either);
      if (!(await this.isWorthAnother(answer, token))) return answer;
      return await this.post(push, await this.token.current(), either);
    } catch (error) {
      signal.throwIfAborted();
      throw failureOf(error);
    }
  }

  private post(push: OutgoingNotification, token: string, signal: AbortSignal): Promise<ApnsAnswer> {
    const headers = headersOf(push, this.options.topic, token);
    const body = payloadOf(push, push.notificationId, push.urgent);
    return this.connection.request({ headers, body }, signal);
  }

  /** Whether the push was refused for something that another token, or another connection, mends. */
  private async isWorthAnother({ reason }: ApnsAnswer, token: string): Promise<boolean> {
    if (reason === 'ExpiredProviderToken') return this.token.replace(token);
    if (reason !== 'Shutdown') return false;
    await this.connection.renew();
    return true;
  }
}

/** Code or name of whatever was thrown; its message may hold the address. */
function failureOf(error: unknown): Error {
  if (error instanceof ConnectionEndedError) {
    const { reason = 'no reason' } = error;
    return isAboutSettings(reason)
      ? new ChannelSettingsError(
          `APNs ended the connection: ${reason}; check the options of ApnsPushChannel.`,
        )
      : new NotificationSendError(`APNs ended the connection (${reason}).`);
  }
  const { code, name } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    name?: unknown;
  };
  const what = typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
  return new NotificationSendError(`APNs did not answer (${what}).`);
}
