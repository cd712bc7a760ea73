import { Injectable } from '@nestjs/common';
import { MessageQueueService } from '../../message-queue/index.js';
import { MessageStore } from '../../message-queue/ports/index.js';
import type { ConfirmationReply, SocketConfirmation } from '../../message-queue/adapters/socket-io/index.js';
import { isId } from '../input/fields.js';
import { ConversationAccess } from '../messages/conversation-access.js';
import type { Principal } from '../sign-in/principal.js';

/** Takes what clients say about the messages they got, and queues it. */
@Injectable()
export class Confirmations {
  constructor(
    private readonly messageQueue: MessageQueueService,
    private readonly messages: MessageStore,
    private readonly access: ConversationAccess,
  ) {}

  /**
   * Queues a confirmation of a user's own copy; a repeat is noted already and queues nothing.
   * Rejects when the store or the queue is in trouble: the client gets no answer and sends it again.
   */
  async confirm(principal: Principal, body: unknown): Promise<ConfirmationReply> {
    const confirmation = parseConfirmation(body);
    if (confirmation === null) {
      return { ok: false, error: 'Send { messageId, status: "delivered" | "read", occurredAt? }.' };
    }
    const { messageId, status } = confirmation;
    const current = await this.messages.findStatus(messageId, principal.id);
    if (current === null || !(await this.access.mayConfirm(principal, messageId))) {
      return { ok: false, error: 'There is no such message for you.' };
    }
    // Not whether the status advances: "delivered" may come after "read", and its time would be lost.
    const notedAt = status === 'read' ? current.readAt : current.deliveredAt;
    if (notedAt === null) {
      const now = new Date();
      await this.messageQueue.addDeliveryConfirmationJob({
        messageId,
        recipientId: principal.id,
        status,
        occurredAt: occurredAt(confirmation, now),
        createdAt: now,
      });
    }
    return { ok: true };
  }
}

function parseConfirmation(body: unknown): SocketConfirmation | null {
  if (typeof body !== 'object' || body === null) return null;
  const { messageId, status, occurredAt: at } = body as Partial<Record<keyof SocketConfirmation, unknown>>;
  if (!isId(messageId)) return null;
  if (status !== 'delivered' && status !== 'read') return null;
  if (at !== undefined && (typeof at !== 'string' || Number.isNaN(Date.parse(at)))) return null;
  return { messageId, status, occurredAt: at };
}

/** Clients' clocks are often wrong; none of them reads a message in the future or before it was worth a mention. */
function occurredAt({ occurredAt: given }: SocketConfirmation, now: Date): Date {
  const at = given === undefined ? now.getTime() : Date.parse(given);
  return new Date(Math.min(Math.max(at, 0), now.getTime()));
}
