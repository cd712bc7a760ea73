import { MessageQueueError } from '../../../kernel/errors.js';
import type { Issue } from '../../../kernel/errors.js';
import type { SharedRate } from '../../jobs/flow/rate.js';
import type { SuppressionReason } from '../suppressions/suppression.js';
import { NotificationType } from './notification-type.js';
import type { DevicePlatform } from './device-token-store.js';

/** What a push carries besides its text. All optional; a channel leaves out what its service does not support. */
export interface PushDetails {
  readonly badge?: number;
  readonly sound?: string;
  readonly icon?: string;
  readonly image?: string;
  /** A newer push with the same tag replaces the older one on the device. */
  readonly tag?: string;
  /** What opens on tap: a URL or an action's name. */
  readonly clickAction?: string;
  readonly data?: Readonly<Record<string, string | number | boolean>>;
}

/** One notification to one destination. */
export interface OutgoingNotification {
  /** The same in every repeat: services that know an idempotency or collapse key get this one. */
  readonly notificationId: string;
  readonly recipientId: string;
  /** Device token (for Web Push the subscription as JSON), e-mail address, phone number (E.164), or the recipient's id in-app. */
  readonly destination: string;
  /** Only for PUSH. */
  readonly platform?: DevicePlatform;
  readonly title: string;
  /** Plain text. */
  readonly body: string;
  /** Escaped HTML, only for EMAIL and only from a template. */
  readonly html?: string;
  readonly push?: PushDetails;
  readonly messageId?: string;
  readonly urgent: boolean;
  /** When it becomes worthless, milliseconds since the epoch; services that can drop late ones are told. */
  readonly expiresAt: number | null;
}

/**
 * - `sent`: the service took it.
 * - `unregistered`: the destination does not exist any more; it is remembered as `gone`, and a device token is removed.
 * - `refused`: the service says that this destination gets nothing more, and why; it is remembered.
 * - `offline`: nobody is connected (in-app); the inbox has it.
 */
export type ChannelOutcome = ChannelReceipt['outcome'];

/** The service's answer about one destination. */
export type ChannelReceipt =
  | {
      readonly outcome: 'sent' | 'offline';
      /** The service's own id for it, for support requests and for the reports that come later. */
      readonly providerId?: string;
    }
  | {
      readonly outcome: 'unregistered';
      readonly providerId?: string;
      /** The service's code for it, such as `FCM UNREGISTERED`; never an address. */
      readonly detail?: string;
    }
  | {
      readonly outcome: 'refused';
      readonly reason: Exclude<SuppressionReason, 'gone' | 'manual'>;
      /** The service's code for it, such as `Twilio 21610`; never an address. */
      readonly detail: string;
      readonly providerId?: string;
    };

/** What is known of a notification before anybody knows where it goes. */
export type NotificationDraft = Pick<OutgoingNotification, 'title' | 'body' | 'html' | 'push' | 'messageId'>;

/** A draft as a channel can send it. */
export interface FittedDraft {
  readonly draft: NotificationDraft;
  /**
   * What keeps it from being sent, by field of the payload: `title`, `message`, `pushPayload.data`, … Empty: it can be sent. Quotes nothing of
   * the text.
   */
  readonly issues: readonly Issue[];
}

/** The service did not take the notification this time; trying again may help. Says what it answered, never what was sent or where. */
export class NotificationSendError extends MessageQueueError {
  readonly code = 'NOTIFICATION_SEND';
}

/**
 * One way to notify; each is a port of its own below, so that a host plugs them one by one. What it does with an answer depends on what the
 * answer is about:
 *
 * - this destination, for good → the receipt's outcome; · this destination, for now → DestinationBusyError
 * - this notification, for good → UnrecoverableJobError · all of ours, for so long → RateLimited
 * - our settings → ChannelSettingsError · the service, or the way to it → NotificationSendError, or any other error
 */
export abstract class NotificationChannel {
  abstract readonly type: NotificationType;
  /**
   * How many notifications the service takes, from `defineRate`: one bucket for all channels, queues and processes that name it. A notification
   * that finds no token waits for its own time, without an attempt spent, and RateLimited closes the rate for everybody. Default: any number.
   */
  readonly rate?: SharedRate;

  /**
   * Which service takes what goes there, where this channel has several that can be down each on its own, such as the push services of browsers:
   * each gets a circuit breaker of its own, `notification:<type>:<service>`. Names few services, whatever people register, and quotes nothing of
   * the destination but its host. Default: one breaker for the channel, `notification:<type>`.
   */
  serviceOf?(target: Pick<OutgoingNotification, 'destination' | 'platform'>): string;

  /**
   * Applies the service's limits and formats: as it is, refused, or, where the host asked the channel for that, shortened at a character
   * boundary. Asked when a notification is added, so that nothing is accepted that cannot be sent, and again before it is sent. Asks nobody
   * outside, and allows for the longest ids. Default: everything fits.
   */
  fit?(draft: NotificationDraft): FittedDraft;

  abstract send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt>;
}

/** Web Push, FCM, APNs. */
export abstract class PushChannel extends NotificationChannel {
  readonly type = NotificationType.PUSH;
}

/** SMTP or a mail service. */
export abstract class EmailChannel extends NotificationChannel {
  readonly type = NotificationType.EMAIL;
}

/** Twilio or another SMS gateway. */
export abstract class SmsChannel extends NotificationChannel {
  readonly type = NotificationType.SMS;
}

/** Tells open apps that something is new in the inbox; the NotificationInbox was written before. */
export abstract class InAppChannel extends NotificationChannel {
  readonly type = NotificationType.IN_APP;
}
