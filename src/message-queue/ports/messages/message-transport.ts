import type { AttachmentReference } from '../attachments/attachment-reference.js';
import type { DeliveryStatus } from './delivery-status.js';

/** A message as it goes over the wire to one recipient. */
export interface TransportMessage {
  /** The same in every repeat: clients drop what they have seen. */
  readonly messageId: string;
  readonly senderId: string;
  readonly recipientId: string;
  readonly conversationId: string;
  /** Text, or a MessageCipher envelope when `encrypted`. */
  readonly content: string;
  readonly encrypted: boolean;
  readonly attachments: readonly AttachmentReference[];
  /** The batch it belongs to: one of many copies, which do not go to the sender's own devices. Default none. */
  readonly batchId?: string | null;
  readonly createdAt: Date;
}

/**
 * - `sent`: handed to at least one of the recipient's devices; its acknowledgement follows as a delivery confirmation.
 * - `delivered`: the recipient's side confirmed it already (a webhook that answered 2xx).
 * - `offline`: nobody is there; the message stays `pending` in the MessageStore until the recipient is back.
 * - `refused`: the recipient's endpoint takes nothing more for good; the message's status says `failed`, and why.
 */
export type TransportOutcome = TransportReceipt['outcome'];

/** What became of one hand-over. */
export type TransportReceipt =
  | {
      readonly outcome: 'sent' | 'delivered' | 'offline';
      /** How many devices or endpoints got it. */
      readonly reached: number;
    }
  | {
      readonly outcome: 'refused';
      readonly reached: 0;
      /** Why, such as `the webhook answered 410`; never an address or content. */
      readonly reason: string;
    };

/** A recipient's status as the sender's devices are told. */
export interface StatusAnnouncement {
  readonly messageId: string;
  readonly conversationId: string;
  readonly senderId: string;
  readonly recipientId: string;
  readonly status: DeliveryStatus;
  readonly at: Date;
}

/** A recall as one person's devices are told, a recipient's or the sender's. */
export interface RecallAnnouncement {
  readonly messageId: string;
  readonly conversationId: string;
  /** Whose devices. */
  readonly userId: string;
}

/**
 * Brings messages to recipients, over sockets or HTTP. At least once: `deliver` may be called again with the same message id.
 *
 * A transport throws UnrecoverableJobError when trying again cannot help, DestinationBusyError when this recipient's endpoint takes nothing
 * for now, RetryLater when it knows itself when to go on, any other error for a retry by the queue's rules.
 * A transport with connections must let a reconnecting recipient join first and read MessageStore.listPending after:
 * every message is saved before `deliver` is called, so none falls between.
 */
export abstract class MessageTransport {
  /** Hands one message to one recipient. @throws signal.reason when aborted */
  abstract deliver(message: TransportMessage, signal: AbortSignal): Promise<TransportReceipt>;

  /** Tells the sender's devices about a status (ticks). Best effort; transports that have no way to do it leave it out. */
  announceStatus?(announcement: StatusAnnouncement, signal: AbortSignal): Promise<void>;

  /**
   * Tells a person's devices that a message was recalled, so that they stop showing it. Transports that have no way to do it leave it out.
   * @returns whether at least one of them took note
   */
  announceRecall?(announcement: RecallAnnouncement, signal: AbortSignal): Promise<boolean>;
}
