import { IsISO8601, IsString, Length } from 'class-validator';
import type { ChatMessage } from '../chat-message.js';

/** The chat message as a host describes it. */
export class ChatMessageDto implements ChatMessage {
  @IsString() @Length(1, 128) messageId!: string;
  @IsString() @Length(1, 128) senderId!: string;
  @IsString() @Length(1, 128) recipientId!: string;
  @IsString() @Length(1, 128) conversationId!: string;
  @IsString() @Length(1, 100_000) content!: string;
  @IsISO8601() createdAt!: string;
}
