import { Inject, Injectable, Optional } from '@nestjs/common';
import { SafeLogger } from '../../../../kernel/host/safe-logger.js';
import { isDeletedWith } from '../../../ports/messages/conversation-store.js';
import type { ConversationState } from '../../../ports/messages/conversation-store.js';
import type {
  MessageForRecipient,
  RecallNotice,
  RecipientStatus,
} from '../../../ports/messages/message-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { BoundedMap, IN_MEMORY_DEFAULTS, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { isOfTarget } from '../trace-targets.js';

/** A message's row. */
export interface MessageRow extends Omit<MessageForRecipient, 'recipientId'> {
  /** By this it ages. */
  readonly receivedAt: Date;
}

/** A recipient's row; `statusAt` is when its status was reached. */
export interface RecipientRow extends RecipientStatus {
  readonly statusAt: Date;
}

/** Where something belongs that has a row of its own. */
export interface Belonging {
  readonly messageId?: string | null;
  readonly conversationId?: string | null;
  /** When it was written, where no message says. */
  readonly writtenAt: Date;
}

/**
 * The tables that the in-memory stores of messages share, so that cleaning up sees what delivery stored.
 *
 * They keep at most `maxEntries` copies (a message for one recipient; one without any counts as one) and `maxBytes` of content. Beyond that they forget, oldest
 * first, the copies that have been sent or have failed: a job that is repeated that late sends its message again, under the same
 * id. Copies that wait for their recipient (`pending`) and those under legal hold are forgotten only when there are no others, and
 * a warning says so.
 */
@Injectable()
export class InMemoryMessages {
  readonly #logger = new SafeLogger('MessageStore');
  readonly #limits: InMemoryLimits;
  readonly #messages = new Map<string, MessageRow>();
  /** By message id, then recipient id. */
  readonly #copies = new Map<string, Map<string, RecipientRow>>();
  /** Copies that may be forgotten and those that should not be, the oldest first. */
  readonly #expendable = new Map<string, RecipientRow>();
  readonly #kept = new Map<string, RecipientRow>();
  readonly #conversations: BoundedMap<ConversationState>;
  readonly #claimed = new Set<string>();
  readonly #recalled = new Set<string>();
  /** By message and recipient. Forgotten are those that wait longest: their people are not told. */
  readonly notices: BoundedMap<RecallNotice>;
  /** Messages whose last copy was erased, the oldest first. They are their senders'. */
  readonly #withoutCopies = new Set<string>();
  #characters = 0;
  #hasWarned = false;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    this.#limits = { ...IN_MEMORY_DEFAULTS, ...limits };
    this.#conversations = new BoundedMap(limits);
    this.notices = new BoundedMap(limits);
  }

  message(messageId: string): MessageRow | undefined {
    return this.#messages.get(messageId);
  }

  messages(): MessageRow[] {
    return [...this.#messages.values()];
  }

  /** Adds or replaces a message; a new one gets its first copy by `putCopy`. */
  putMessage(row: MessageRow): void {
    this.#characters += row.content.length - (this.#messages.get(row.messageId)?.content.length ?? 0);
    this.#messages.set(row.messageId, row);
  }

  copy(messageId: string, recipientId: string): RecipientRow | undefined {
    return this.#copies.get(messageId)?.get(recipientId);
  }

  copiesOf(messageId: string): RecipientRow[] {
    return [...(this.#copies.get(messageId)?.values() ?? [])];
  }

  /** Adds or replaces a recipient's copy; others may be forgotten for it. */
  putCopy(row: RecipientRow): void {
    const copies = this.#copies.get(row.messageId) ?? new Map<string, RecipientRow>();
    this.#copies.set(row.messageId, copies);
    copies.set(row.recipientId, row);
    this.#withoutCopies.delete(row.messageId);
    this.#file(row);
    while (this.#isOver() && this.#expendable.size + this.#kept.size > 1) this.#forgetOldest();
  }

  /** Removes one recipient's copy. Its message stays, also without any. */
  removeCopy({ messageId, recipientId }: RecipientRow): void {
    const row = this.copy(messageId, recipientId);
    if (row === undefined) return;
    this.#copies.get(messageId)?.delete(recipientId);
    this.#unfile(row);
    if (this.copiesOf(messageId).length === 0) this.#withoutCopies.add(messageId);
  }

  /** Removes a message with its copies. */
  remove(messageId: string): void {
    for (const row of this.copiesOf(messageId)) this.#unfile(row);
    this.#copies.delete(messageId);
    this.#withoutCopies.delete(messageId);
    this.#characters -= this.#messages.get(messageId)?.content.length ?? 0;
    this.#messages.delete(messageId);
    this.#claimed.delete(messageId);
    this.#recalled.delete(messageId);
  }

  conversation(conversationId: string): ConversationState | undefined {
    return this.#conversations.get(conversationId);
  }

  conversations(): ConversationState[] {
    return this.#conversations.values();
  }

  /** @throws InMemoryStoreFullError: forgetting a mark would show what was deleted, or remove what is held */
  putConversation(state: ConversationState): void {
    const { conversationId, legalHold } = state;
    const wasHeld = this.isHeld(conversationId);
    this.#conversations.setOrRefuse(conversationId, state, 'ConversationStore');
    if (legalHold === wasHeld) return;
    for (const { messageId } of this.messages().filter((row) => row.conversationId === conversationId)) {
      for (const row of this.copiesOf(messageId)) this.#file(row);
      // What a clean-up has begun to remove stays, and is seen again.
      if (legalHold) this.#claimed.delete(messageId);
    }
  }

  removeConversation(conversationId: string): void {
    this.#conversations.delete(conversationId);
  }

  /** Hides a message that a clean-up will remove. */
  claim(messageId: string): void {
    this.#claimed.add(messageId);
  }

  isClaimed(messageId: string): boolean {
    return this.#claimed.has(messageId);
  }

  /** Hides a message for good. */
  hide(messageId: string): void {
    this.#recalled.add(messageId);
  }

  /** Whether nobody sees a message any more, whatever becomes of it. */
  isHidden(messageId: string): boolean {
    return this.isClaimed(messageId) || this.#recalled.has(messageId);
  }

  /** Ids of the messages that a target is about, and no legal hold keeps. */
  idsOf(target: TraceTarget): ReadonlySet<string> {
    if (target.kind === 'messages') return new Set(target.messageIds);
    const isOf = isOfTarget(target);
    const found = this.messages().filter((row) => isOf(row) && !this.isHeld(row.conversationId));
    return new Set(found.map(({ messageId }) => messageId));
  }

  /** Whether users may see a message. */
  isVisible({ messageId, conversationId, receivedAt }: MessageRow): boolean {
    return !this.isHidden(messageId) && !isDeletedWith(this.conversation(conversationId), receivedAt);
  }

  /** Whether nobody sees what belongs to a message or a conversation: the message is hidden, or the conversation was deleted after it. */
  isGone({ messageId, conversationId, writtenAt }: Belonging): boolean {
    const message = this.message(messageId ?? '');
    if (message !== undefined) return !this.isVisible(message);
    return isDeletedWith(this.conversation(conversationId ?? ''), writtenAt);
  }

  /** Whether a legal hold keeps what belongs to a message or a conversation. */
  isKept({ messageId, conversationId }: Pick<Belonging, 'messageId' | 'conversationId'>): boolean {
    return this.isHeld(conversationId ?? this.message(messageId ?? '')?.conversationId);
  }

  /** Whether a conversation is under legal hold. */
  isHeld(conversationId: string | undefined): boolean {
    return conversationId !== undefined && this.conversation(conversationId)?.legalHold === true;
  }

  #isOver(): boolean {
    const copies = this.#expendable.size + this.#kept.size + this.#withoutCopies.size;
    return copies > this.#limits.maxEntries || this.#characters > this.#limits.maxBytes;
  }

  #file(row: RecipientRow): void {
    const isKept = row.status === 'pending' || this.isHeld(this.message(row.messageId)?.conversationId);
    (isKept ? this.#expendable : this.#kept).delete(keyOf(row));
    (isKept ? this.#kept : this.#expendable).set(keyOf(row), row);
  }

  #unfile(row: RecipientRow): void {
    this.#expendable.delete(keyOf(row));
    this.#kept.delete(keyOf(row));
  }

  #forgetOldest(): void {
    const [settled] = this.#expendable.values();
    const bare = [...this.#withoutCopies].find((id) => !this.isHeld(this.message(id)?.conversationId));
    if (settled === undefined && bare !== undefined) {
      this.remove(bare);
      return;
    }
    const [oldest] = settled === undefined ? this.#kept.values() : [settled];
    if (oldest === undefined) return;
    if (settled === undefined) this.#warnOnce();
    const copies = this.#copies.get(oldest.messageId);
    copies?.delete(oldest.recipientId);
    this.#unfile(oldest);
    if (copies?.size === 0) this.remove(oldest.messageId);
  }

  #warnOnce(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#logger.warn(
      `Messages that wait for their recipients, or are under legal hold, are being forgotten: the in-memory stores keep ${this.#limits.maxEntries} copies and ${this.#limits.maxBytes} characters, and there is nothing else left to forget. Plug in adapters of MessageStore, ConversationStore and CleanupStore (sqlStoreAdapters), or raise IN_MEMORY_LIMITS.`,
    );
  }
}

function keyOf({ messageId, recipientId }: RecipientRow): string {
  return `${messageId}\0${recipientId}`;
}
