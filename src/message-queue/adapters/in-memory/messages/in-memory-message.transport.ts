import { Inject, Injectable, Optional } from '@nestjs/common';
import { MessageTransport } from '../../../ports/messages/message-transport.js';
import type {
  RecallAnnouncement,
  StatusAnnouncement,
  TransportMessage,
  TransportOutcome,
  TransportReceipt,
} from '../../../ports/messages/message-transport.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { Outbox } from '../outbox.js';

/**
 * Hands messages over within this process, and nobody outside of it gets any: everybody counts as reached but the recipients named
 * with `setOutcome`, who are offline or confirm at once.
 */
@Injectable()
export class InMemoryMessageTransport extends MessageTransport {
  private readonly outcomes: BoundedMap<TransportOutcome>;
  private readonly outbox: Outbox<TransportMessage>;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.outcomes = new BoundedMap(limits);
    this.outbox = new Outbox(limits, ({ content }) => content.length);
  }

  /** What handing over to a recipient gives from now on. Default `sent`. */
  setOutcome(recipientId: string, outcome: TransportOutcome): void {
    this.outcomes.setOrRefuse(recipientId, outcome, 'MessageTransport');
  }

  /** What was handed over, repeats included, oldest first; only the last ones are remembered. */
  get delivered(): readonly TransportMessage[] {
    return this.outbox.items;
  }

  override deliver(message: TransportMessage, signal: AbortSignal): Promise<TransportReceipt> {
    return answer(signal, () => {
      const outcome = this.outcomes.get(message.recipientId) ?? 'sent';
      if (outcome === 'offline') return { outcome, reached: 0 };
      if (outcome === 'refused') return { outcome, reached: 0, reason: 'the recipient takes nothing more' };
      this.outbox.add(message);
      return { outcome, reached: 1 };
    });
  }

  /** Tells nobody. */
  override announceStatus(_: StatusAnnouncement, signal: AbortSignal): Promise<void> {
    return answer(signal, () => undefined);
  }

  /** Nobody outside of this process hears of it. @returns whether the person is one that messages can be handed to */
  override announceRecall({ userId }: RecallAnnouncement, signal: AbortSignal): Promise<boolean> {
    return answer(signal, () => this.outcomes.get(userId) !== 'offline');
  }
}
