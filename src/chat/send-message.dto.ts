import { IsBoolean, IsOptional } from 'class-validator';
import { Id, Text } from './fields.js';

/** Body of `POST /api/messages`. */
export class SendMessageDto {
  @Id()
  senderId!: string;

  @Id()
  recipientId!: string;

  @Id()
  conversationId!: string;

  @Text()
  content!: string;

  /** Sealed before it is stored and sent. Default false. */
  @IsOptional()
  @IsBoolean()
  requiresEncryption?: boolean;
}
