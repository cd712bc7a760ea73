import { Injectable } from '@nestjs/common';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import type { JobContext } from '../../handlers/job-context.js';
import { RateLimited, RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import {
  EmailChannel,
  InAppChannel,
  PushChannel,
  SmsChannel,
} from '../../ports/notifications/notification-channel.js';
import type {
  ChannelReceipt,
  FittedDraft,
  NotificationChannel,
  NotificationDraft,
  OutgoingNotification,
} from '../../ports/notifications/notification-channel.js';
import { NotificationType } from '../../ports/notifications/notification-type.js';
import { RateTokens } from '../../ports/notifications/rate-tokens.js';
import { guardedPort } from '../guarded-port.js';

/**
 * The channel of each type, as the host plugged it in, behind a breaker of its own: `notification:<type>`, or, where a channel has several
 * services, `notification:<type>:<service>` for each.
 */
@Injectable()
export class NotificationChannels {
  private readonly byType: Readonly<Record<NotificationType, NotificationChannel>>;

  constructor(
    push: PushChannel,
    email: EmailChannel,
    sms: SmsChannel,
    inApp: InAppChannel,
    private readonly breakers: CircuitBreakers,
    private readonly tokens: RateTokens,
  ) {
    this.byType = {
      [NotificationType.PUSH]: push,
      [NotificationType.EMAIL]: email,
      [NotificationType.SMS]: sms,
      [NotificationType.IN_APP]: inApp,
    };
  }

  /** The draft as the channel of its type can send it, and what keeps it from being sent. */
  fit(type: NotificationType, draft: NotificationDraft): FittedDraft {
    return this.byType[type].fit?.(draft) ?? { draft, issues: [] };
  }

  /**
   * Sends through the channel of a type, as it fits; where that has a rate, only with a token of it.
   * @param target the same in every run of the job: each target needs a token of its own
   * @throws RetryLater until its own time, where there is no token, or the service takes no more; UnrecoverableJobError for what the channel can
   *   never send; and whatever the channel throws
   */
  async send(
    type: NotificationType,
    target: string,
    notification: OutgoingNotification,
    { queue, jobId, signal }: Pick<JobContext, 'queue' | 'jobId' | 'signal'>,
  ): Promise<ChannelReceipt> {
    const channel = this.byType[type];
    const { rate } = channel;
    const fitting = this.fitted(type, notification);
    const reserve = async (): Promise<number> =>
      rate === undefined ? 0 : untilAborted(this.tokens.reserve(rate, `${queue}:${jobId}:${target}`), signal);
    const waitMs = await reserve();
    if (waitMs > 0) throw new RetryLater(waitMs, `The rate of channel "${type}" lets it out later.`);
    try {
      return await this.guarded(channel, fitting).send(fitting, signal);
    } catch (error) {
      if (!(error instanceof RateLimited)) throw error;
      // Not thrown on: the rate of the queue is that of all channels.
      if (rate !== undefined) await untilAborted(this.tokens.close(rate, error.delayMs), signal);
      throw new RetryLater(Math.max(error.delayMs, await reserve()), error.message);
    }
  }

  private fitted(type: NotificationType, notification: OutgoingNotification): OutgoingNotification {
    const { title, body, html, push, messageId } = notification;
    const { draft, issues } = this.fit(type, { title, body, html, push, messageId });
    if (issues.length === 0) return { ...notification, ...draft };
    const why = issues.map(({ path, message }) => `${path} ${message}`).join('; ');
    throw new UnrecoverableJobError(`Channel "${type}" cannot send the notification: ${why}.`);
  }

  /** One service of a channel that is down keeps nobody from the others. */
  private guarded(channel: NotificationChannel, notification: OutgoingNotification): NotificationChannel {
    const service = channel.serviceOf?.(notification);
    const dependency = `notification:${channel.type}${service === undefined ? '' : `:${service}`}`;
    return guardedPort(channel, dependency, this.breakers);
  }
}
