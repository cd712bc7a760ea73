import { Inject, Injectable, Optional } from '@nestjs/common';
import {
  EmailChannel,
  InAppChannel,
  PushChannel,
  SmsChannel,
} from '../../../ports/notifications/notification-channel.js';
import type {
  ChannelOutcome,
  ChannelReceipt,
  OutgoingNotification,
} from '../../../ports/notifications/notification-channel.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { Outbox } from '../outbox.js';

/** What the four in-memory channels share: they answer `sent`, or what `setOutcome` says of a destination. */
export class ChannelOutbox {
  readonly #outcomes: BoundedMap<ChannelOutcome>;
  readonly #outbox: Outbox<OutgoingNotification>;

  constructor(limits?: Partial<InMemoryLimits>) {
    this.#outcomes = new BoundedMap(limits);
    this.#outbox = new Outbox(
      limits,
      ({ title, body, html = '' }) => title.length + body.length + html.length,
    );
  }

  /** What sending to a destination gives from now on. */
  setOutcome(destination: string, outcome: ChannelOutcome): void {
    this.#outcomes.setOrRefuse(destination, outcome, 'NotificationChannel');
  }

  /** What was sent, repeats included, oldest first; only the last ones are remembered. */
  get sent(): readonly OutgoingNotification[] {
    return this.#outbox.items;
  }

  /** Answers one send. */
  send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    return answer(signal, () => {
      const outcome = this.#outcomes.get(notification.destination) ?? 'sent';
      if (outcome === 'sent') this.#outbox.add(notification);
      return outcome === 'refused'
        ? { outcome, reason: 'opted-out', detail: 'said so by setOutcome' }
        : { outcome };
    });
  }
}

/** Pushes to nobody outside of this process, and remembers what it sent last. */
@Injectable()
export class InMemoryPushChannel extends PushChannel {
  readonly outbox: ChannelOutbox;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.outbox = new ChannelOutbox(limits);
  }

  override send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    return this.outbox.send(notification, signal);
  }
}

/** Mails nobody outside of this process, and remembers what it sent last. */
@Injectable()
export class InMemoryEmailChannel extends EmailChannel {
  readonly outbox: ChannelOutbox;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.outbox = new ChannelOutbox(limits);
  }

  override send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    return this.outbox.send(notification, signal);
  }
}

/** Texts nobody outside of this process, and remembers what it sent last. */
@Injectable()
export class InMemorySmsChannel extends SmsChannel {
  readonly outbox: ChannelOutbox;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.outbox = new ChannelOutbox(limits);
  }

  override send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    return this.outbox.send(notification, signal);
  }
}

/** Tells no app outside of this process, and remembers what it sent last. */
@Injectable()
export class InMemoryInAppChannel extends InAppChannel {
  readonly outbox: ChannelOutbox;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.outbox = new ChannelOutbox(limits);
  }

  override send(notification: OutgoingNotification, signal: AbortSignal): Promise<ChannelReceipt> {
    return this.outbox.send(notification, signal);
  }
}
