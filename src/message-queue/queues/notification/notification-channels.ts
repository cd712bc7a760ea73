import { Injectable } from '@nestjs/common';
import { EmailChannel, InAppChannel, PushChannel, SmsChannel } from '../../ports/notification-channel.js';
import type { NotificationChannel } from '../../ports/notification-channel.js';
import { NotificationType } from '../../ports/notification-type.js';

/** The channel of each type, as the host plugged them. */
@Injectable()
export class NotificationChannels {
  constructor(
    private readonly push: PushChannel,
    private readonly email: EmailChannel,
    private readonly sms: SmsChannel,
    private readonly inApp: InAppChannel,
  ) {}

  /** The channel for a type. */
  of(type: NotificationType): NotificationChannel {
    switch (type) {
      case NotificationType.PUSH:
        return this.push;
      case NotificationType.EMAIL:
        return this.email;
      case NotificationType.SMS:
        return this.sms;
      case NotificationType.IN_APP:
        return this.inApp;
    }
  }
}
