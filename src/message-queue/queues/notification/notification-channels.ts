import { Injectable } from '@nestjs/common';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import {
  EmailChannel,
  InAppChannel,
  PushChannel,
  SmsChannel,
} from '../../ports/notifications/notification-channel.js';
import type { NotificationChannel } from '../../ports/notifications/notification-channel.js';
import { NotificationType } from '../../ports/notifications/notification-type.js';
import { guardedPort } from '../guarded-port.js';

/** The channel of each type, as the host plugged it in, each behind a breaker of its own: `notification:<type>`. */
@Injectable()
export class NotificationChannels {
  private readonly byType: Readonly<Record<NotificationType, NotificationChannel>>;

  constructor(
    push: PushChannel,
    email: EmailChannel,
    sms: SmsChannel,
    inApp: InAppChannel,
    breakers: CircuitBreakers,
  ) {
    const guarded = (channel: NotificationChannel): NotificationChannel =>
      guardedPort(channel, `notification:${channel.type}`, breakers);
    this.byType = {
      [NotificationType.PUSH]: guarded(push),
      [NotificationType.EMAIL]: guarded(email),
      [NotificationType.SMS]: guarded(sms),
      [NotificationType.IN_APP]: guarded(inApp),
    };
  }

  /** The channel for a type. */
  of(type: NotificationType): NotificationChannel {
    return this.byType[type];
  }
}
