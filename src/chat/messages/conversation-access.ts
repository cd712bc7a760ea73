import { BadRequestException, Injectable, NotFoundException } from '@nestjs/common';
import { ConversationMembers, MessageStore } from '../../message-queue/ports/index.js';
import type { StoredMessage } from '../../message-queue/ports/index.js';
import { People } from '../sign-in/people/people.js';
import type { Principal } from '../sign-in/principal.js';

/** The conversation that keeps what was announced: everybody who is signed in may read it, and nobody writes in it. */
export const NOTICE_BOARD = 'announcements';

/** Conversations that the chat makes itself, the copies of announcements among them. Nobody founds one by writing in it. */
const RESERVED = /^(direct:|announcement)/;

/** The conversation of two people. Names hold no colon, so that no other two have the same. */
export function directConversation(one: string, other: string): string {
  return ['direct', ...[one, other].sort()].join(':');
}

/**
 * Who may read a conversation and write in it: its members, and nobody else. The first message of a conversation makes its sender and its recipient its
 * members; who is not one of them by then cannot write in it. A conversation that one is no member of looks like one that does not exist.
 */
@Injectable()
export class ConversationAccess {
  constructor(
    private readonly members: ConversationMembers,
    private readonly messages: MessageStore,
    private readonly people: People,
  ) {}

  /** @throws NotFoundException unless the principal may read it */
  async checkReader({ id }: Principal, conversationId: string): Promise<void> {
    if (conversationId === NOTICE_BOARD || (await this.members.isMember(conversationId, id))) return;
    throw noSuchConversation();
  }

  /**
   * Lets a principal write to somebody in a conversation, and founds it if it is new.
   * @throws NotFoundException unless the principal may; BadRequestException for a recipient who is no member of it
   */
  async checkSender({ id }: Principal, recipientId: string, conversationId: string): Promise<void> {
    if (this.people.find(recipientId) === undefined)
      throw new NotFoundException('There is nobody of that name.');
    const isMember = await this.members.isMember(conversationId, id);
    if (!isMember && !(await this.found(conversationId, id, recipientId))) throw noSuchConversation();
    if (!(await this.members.isMember(conversationId, recipientId))) {
      throw new BadRequestException('The recipient is not a member of this conversation.');
    }
  }

  /** Whether somebody may still confirm a message that was sent to them. Copies of announcements have no conversation. */
  async mayConfirm({ id }: Principal, messageId: string): Promise<boolean> {
    const message = await this.messages.find(messageId);
    if (message === null) return false;
    return message.batchId !== null || this.members.isMember(message.conversationId, id);
  }

  /** Whether a message is somebody's own, in a conversation that they are still a member of. Announcements have no members. */
  async mayRecall({ id }: Principal, message: StoredMessage): Promise<boolean> {
    return message.senderId === id && this.members.isMember(message.conversationId, id);
  }

  private async found(conversationId: string, senderId: string, recipientId: string): Promise<boolean> {
    const isOwn = conversationId === directConversation(senderId, recipientId);
    if (RESERVED.test(conversationId) && !isOwn) return false;
    // Messages without members are of somebody who left, or came by another way than this chat.
    const { items } = await this.messages.listConversation(conversationId, { limit: 1 });
    return items.length === 0 && this.members.found(conversationId, [senderId, recipientId]);
  }
}

/** The same words whether there is none or it is somebody else's. */
function noSuchConversation(): NotFoundException {
  return new NotFoundException('There is no such conversation.');
}
