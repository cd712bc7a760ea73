import { DeliveryDispatch } from '../../src/message-queue/ports/messages/delivery-dispatch.js';
import type {
  DispatchOutcome,
  DispatchedMessage,
} from '../../src/message-queue/ports/messages/delivery-dispatch.js';

/** Takes a batch's messages and queues nothing. */
export class PlannedDeliveryDispatch extends DeliveryDispatch {
  /** Every message taken, once, by its id. */
  readonly queued = new Map<string, DispatchedMessage>();
  private readonly outcomes = new Map<string, DispatchOutcome>();

  /** What handing on a message to this recipient gives from now on; null: the usual again. */
  setOutcome(recipientId: string, outcome: DispatchOutcome | null): void {
    if (outcome === null) this.outcomes.delete(recipientId);
    else this.outcomes.set(recipientId, outcome);
  }

  override async dispatchMany(
    messages: readonly DispatchedMessage[],
    signal: AbortSignal,
  ): Promise<DispatchOutcome[]> {
    await Promise.resolve();
    signal.throwIfAborted();
    return messages.map((message) => {
      const planned = this.outcomes.get(message.recipientId);
      if (planned !== undefined) return planned;
      if (this.queued.has(message.messageId)) return { outcome: 'duplicate' };
      this.queued.set(message.messageId, message);
      return { outcome: 'queued' };
    });
  }
}
