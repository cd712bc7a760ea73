import { Injectable } from '@nestjs/common';
import {
  EmailChannel,
  InAppChannel,
  PushChannel,
  SmsChannel,
} from '../../ports/notifications/notification-channel.js';
import type {
  ChannelOutcome,
  ChannelReceipt,
  OutgoingNotification,
} from '../../ports/notifications/notification-channel.js';
import { CallRecorder } from './call-recorder.js';

/** What the four recording channels share: they answer `sent`, or what a test set for a destination. */
export class ChannelRecord {
  readonly recorder = new CallRecorder();
  private readonly outcomes = new Map<string, ChannelOutcome>();

  /** What sending to a destination gives from now on. */
  setOutcome(destination: string, outcome: ChannelOutcome): void {
    this.outcomes.set(destination, outcome);
  }

  /** What was sent, repeats and failures included; of the last 10 000 calls. */
  get sent(): readonly OutgoingNotification[] {
    return this.recorder.callsOf('send').map((call) => call.args[0] as OutgoingNotification);
  }

  /** Answers one send. */
  send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    return this.recorder.run('send', [notification], signal, () => ({
      outcome: this.outcomes.get(notification.destination) ?? 'sent',
    }));
  }
}

/** Pushes nothing and remembers it. */
@Injectable()
export class RecordingPushChannel extends PushChannel {
  readonly record = new ChannelRecord();
  override send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    return this.record.send(notification, signal);
  }
}

/** Mails nothing and remembers it. */
@Injectable()
export class RecordingEmailChannel extends EmailChannel {
  readonly record = new ChannelRecord();
  override send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    return this.record.send(notification, signal);
  }
}

/** Texts nothing and remembers it. */
@Injectable()
export class RecordingSmsChannel extends SmsChannel {
  readonly record = new ChannelRecord();
  override send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    return this.record.send(notification, signal);
  }
}

/** Tells no app and remembers it. */
@Injectable()
export class RecordingInAppChannel extends InAppChannel {
  readonly record = new ChannelRecord();
  override send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    return this.record.send(notification, signal);
  }
}
