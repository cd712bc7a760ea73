import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { errorCodesOf } from '../../../kernel/logging/error-text.js';
import { hadMessage } from '../../ports/messages/message-store.js';
import type { MessageStore, StoredMessage } from '../../ports/messages/message-store.js';
import type { MessageTransport } from '../../ports/messages/message-transport.js';
import type { RecallFigures } from '../../ports/privacy/tombstone.js';

/** People who are told at the same time. */
const AT_ONCE = 50;

/** Tells people that a message was recalled: those who had it, and its sender's other devices. */
export class RecallTelling {
  private readonly logger = new SafeLogger('Privacy');

  constructor(
    private readonly messages: MessageStore,
    private readonly transport: MessageTransport,
  ) {}

  /**
   * Tells whoever is there, and keeps a notice for those who are not.
   * @param wasUnderWay jobs of it were stopped, perhaps after a device got the message and before the store heard of it: who was about to get
   * it is told too, now or never
   * @throws what the store throws; signal.reason
   */
  async tell(
    message: StoredMessage,
    at: Date,
    wasUnderWay: boolean,
    signal: AbortSignal,
  ): Promise<RecallFigures> {
    const { messageId, conversationId, recipients } = message;
    const had = recipients.filter(hadMessage).map(({ recipientId }) => recipientId);
    await this.messages.noteRecalled(
      had.map((recipientId) => ({ messageId, conversationId, recipientId, recalledAt: at })),
      signal,
    );
    await this.reach(message, message.senderId, signal);
    const waiting = recipients.filter(({ status }) => wasUnderWay && status === 'pending');
    const concerned = [...had, ...waiting.map(({ recipientId }) => recipientId)];
    let told = 0;
    for (let start = 0; start < concerned.length; start += AT_ONCE) {
      const some = concerned.slice(start, start + AT_ONCE);
      const reached = await Promise.all(some.map((id) => this.tellRecipient(message, id, signal)));
      told += reached.filter(Boolean).length;
    }
    return { hadIt: had.length, told };
  }

  private async tellRecipient(
    message: StoredMessage,
    recipientId: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const isReached = await this.reach(message, recipientId, signal);
    if (isReached) await this.messages.confirmRecalled(message.messageId, recipientId, signal);
    return isReached;
  }

  /** Best effort: who is not reached has a notice. */
  private async reach(
    { messageId, conversationId }: StoredMessage,
    userId: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      const announcement = { messageId, conversationId, userId };
      return (await this.transport.announceRecall?.(announcement, signal)) ?? false;
    } catch (error) {
      signal.throwIfAborted();
      this.logger.warn(`Devices were not told of a recall: ${errorCodesOf(error)}`);
      return false;
    }
  }
}
