import type { MessageCipher } from '../../ports/encryption/message-cipher.js';
import { MessageIdTakenError } from '../../ports/messages/message-store.js';
import type {
  MessageForRecipient,
  MessageStore,
  MessageToSave,
  StoredMessage,
} from '../../ports/messages/message-store.js';

/**
 * Stores messages so that one id is one message, sealed or not. Two envelopes of one text differ, so the store refuses the second; whoever
 * can open the first compares, and gives all recipients of the message the same envelope. No hash of a text is kept for that.
 */
export class MessageSaving {
  constructor(
    private readonly messages: MessageStore,
    private readonly cipher: MessageCipher,
  ) {}

  /**
   * @param message in plain, to be sealed when it says `encrypted`
   * @returns the message as it is stored
   * @throws MessageIdTakenError; what the store and the cipher throw
   */
  async save(message: MessageToSave, signal: AbortSignal): Promise<MessageForRecipient> {
    const sealed = message.encrypted ? await this.seal(message, signal) : message;
    try {
      await this.messages.save(sealed, signal);
      return sealed;
    } catch (error) {
      if (!(error instanceof MessageIdTakenError) || !message.encrypted) throw error;
      const stored = await this.messages.find(message.messageId, signal);
      if (stored === null || !(await this.isSame(stored, message, signal))) throw error;
      const shared = { ...message, content: stored.content };
      await this.messages.save(shared, signal);
      return shared;
    }
  }

  /**
   * Whether a message is the one that is stored under its id. One that is stored without content, since it failed before it could be sealed, may be.
   * @param message in plain
   */
  async isSame(stored: StoredMessage, message: MessageToSave, signal: AbortSignal): Promise<boolean> {
    const { messageId, content } = stored;
    if (
      stored.senderId !== message.senderId ||
      stored.conversationId !== message.conversationId ||
      stored.encrypted !== message.encrypted ||
      JSON.stringify(stored.attachments) !== JSON.stringify(message.attachments)
    ) {
      return false;
    }
    if (content === '' || content === message.content) return true;
    if (!stored.encrypted) return false;
    const opened = await this.cipher.open({ messageId, envelope: content }, signal);
    return opened.content === message.content;
  }

  private async seal(message: MessageToSave, signal: AbortSignal): Promise<MessageToSave> {
    const { messageId, content } = message;
    return { ...message, content: (await this.cipher.seal({ messageId, content }, signal)).envelope };
  }
}
