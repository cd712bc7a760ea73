import { MessageQueueError } from '../../../kernel/errors.js';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import type { AttachmentReference } from '../attachments/attachment-reference.js';
import type { DeliveryStatus } from './delivery-status.js';
import type { Page, PageRequest } from '../page.js';
import { TraceHolder } from '../privacy/trace-holder.js';

/** A message for one recipient. Several recipients of one message share its `messageId`. */
export interface MessageForRecipient {
  readonly messageId: string;
  readonly senderId: string;
  readonly recipientId: string;
  readonly conversationId: string;
  /** Text, or a MessageCipher envelope when `encrypted`; empty when it failed before it could be sealed. */
  readonly content: string;
  readonly encrypted: boolean;
  readonly attachments: readonly AttachmentReference[];
  /** The batch it belongs to, or null. */
  readonly batchId: string | null;
  readonly createdAt: Date;
}

/** A message to store. */
export interface MessageToSave extends MessageForRecipient {
  /** When the server received it. It ages by this, since `createdAt` is what its sender claims, and was created no later. Default `createdAt`. */
  readonly receivedAt?: Date;
}

/**
 * A recipient's status; each time is the first at which that status was reported, even when it was reported late, bounded by the other steps
 * (see {@link stepTime}).
 */
export interface RecipientStatus {
  readonly messageId: string;
  readonly recipientId: string;
  readonly status: DeliveryStatus;
  readonly sentAt: Date | null;
  readonly deliveredAt: Date | null;
  readonly readAt: Date | null;
  readonly failedAt: Date | null;
  /** Why it failed; never message content. */
  readonly failureReason: string | null;
}

/** A message as stored, with all its recipients. */
export interface StoredMessage extends Omit<MessageForRecipient, 'recipientId'> {
  readonly recipients: readonly RecipientStatus[];
}

/** A step of a recipient's status. */
export interface StatusChange {
  readonly messageId: string;
  readonly recipientId: string;
  /** `pending`: it waits again, after a failure. */
  readonly status: DeliveryStatus;
  /** When it happened. */
  readonly at: Date;
  /** For `failed`: why. At most 500 characters, never message content. */
  readonly reason?: string;
}

/** `unchanged`: the store already has this status or a later one. `unknown`: there is no such message for this recipient. */
export type StatusOutcome = 'advanced' | 'unchanged' | 'unknown';

/** A status came for a message that the store does not have for this recipient: not yet, or not any more. Worth a retry. */
export class UnknownMessageError extends MessageQueueError {
  readonly code = 'UNKNOWN_MESSAGE';
}

/**
 * The id belongs to another message: of another sender or conversation, whose content the new recipient would get, or with another text or
 * other attachments, which nobody would get. Make ids yourself, or put the sender into them: an id that a client chose may be anybody's.
 */
export class MessageIdTakenError extends UnrecoverableJobError {
  override readonly code = 'MESSAGE_ID_TAKEN';
  constructor(messageId: string) {
    super(
      `Message id "${messageId}" belongs to a message of another sender or conversation, or with another content; send this one with an id of its own.`,
    );
  }
}

/** A conversation that a person wrote or was written to in. */
export interface ConversationShare {
  readonly conversationId: string;
  /** Messages that the person sent, and copies sent to them. */
  readonly records: number;
  /** Whether somebody else sent or received a message there. */
  readonly isShared: boolean;
}

/** What a person has to be told: a message that they had was recalled. Says nothing of what stood in it. */
export interface RecallNotice {
  readonly messageId: string;
  readonly conversationId: string;
  readonly recipientId: string;
  readonly recalledAt: Date;
}

/** Whether the recipient had the message, seen or not, when it was recalled. */
export function hadMessage({ status }: Pick<RecipientStatus, 'status'>): boolean {
  return status === 'sent' || status === 'delivered' || status === 'read';
}

/** Recipients of one batch by status. */
export type BatchStatusCounts = Readonly<Record<DeliveryStatus, number>>;

/**
 * Messages and how far each recipient's copy has come. Every write is idempotent through a unique key
 * (message: `messageId`; copy: `messageId` + `recipientId`) and one statement, never read-then-write.
 *
 * Its traces are copies for recipients and notices of recalls: of a subject those of that person, of a conversation its notices, of messages
 * none, since a notice outlives its message. Whole messages are removed by the CleanupStore, notices by it too when they are old.
 */
export abstract class MessageStore extends TraceHolder {
  /**
   * Stores the message, and the recipient's copy as `pending`; what is there already stays as it is, except that a message
   * without content gets that of a later save. `createdAt` is bounded by `receivedAt`.
   * @returns whether the recipient's copy is new
   * @throws MessageIdTakenError, and stores nothing, when the stored message has another sender, conversation, content or other attachments,
   * or is sealed where this one is not. Two envelopes are never the same: whoever can open the stored one decides, and saves it again
   */
  abstract save(message: MessageToSave, signal: AbortSignal): Promise<'saved' | 'exists'>;

  /** Moves a recipient's status by the rule of `advancesStatus`; records the time of the step even when late, except for `pending`. */
  abstract advanceStatus(change: StatusChange, signal: AbortSignal): Promise<StatusOutcome>;

  /** One message with its recipients, or null. */
  abstract find(messageId: string, signal?: AbortSignal): Promise<StoredMessage | null>;

  /** One recipient's status, or null. */
  abstract findStatus(
    messageId: string,
    recipientId: string,
    signal?: AbortSignal,
  ): Promise<RecipientStatus | null>;

  /** A conversation, newest first (by `createdAt`, then `messageId`). What was written until its deletion is left out. */
  abstract listConversation(
    conversationId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<StoredMessage>>;

  /** What waits for a recipient (`pending`), oldest first: the order in which to deliver it on reconnect. */
  abstract listPending(
    recipientId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<MessageForRecipient>>;

  /** The conversations of a person, also those that were deleted, in a stable order. */
  abstract listConversationsOf(
    personId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<ConversationShare>>;

  /** How many recipients of a batch have which status. */
  abstract countBatch(batchId: string, signal?: AbortSignal): Promise<BatchStatusCounts>;

  /**
   * Hides a message for good: no read shows it any more, and it stays as it is otherwise, for a legal hold or until a clean-up.
   * @returns the message, also one that was hidden before or is being cleaned up; null when there is none
   */
  abstract hide(messageId: string, signal: AbortSignal): Promise<StoredMessage | null>;

  /** Which of these messages no read shows: recalled, being cleaned up, or hidden by the deletion of their conversation. Unknown ones are not. @param messageIds at most 10 000 */
  abstract hiddenAmong(messageIds: readonly string[], signal?: AbortSignal): Promise<readonly string[]>;

  /** Keeps notices until their recipients were told; one that is there stays as it is. */
  abstract noteRecalled(notices: readonly RecallNotice[], signal: AbortSignal): Promise<void>;

  /**
   * What a person was not told yet, the oldest first; not what was recalled before its conversation was deleted.
   * @throws InvalidCursorError
   */
  abstract listRecalled(
    recipientId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<RecallNotice>>;

  /** Removes a person's notice: they were told. Unknown ones: nothing. */
  abstract confirmRecalled(messageId: string, recipientId: string, signal: AbortSignal): Promise<void>;
}
