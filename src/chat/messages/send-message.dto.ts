import { IsBoolean, IsOptional } from 'class-validator';
import { Id, Text } from '../input/fields.js';
import { Refused } from '../input/refused-field.js';

/** Body of `POST /api/messages`. */
export class SendMessageDto {
  /** Chosen by the client, so that it can safely repeat a call whose answer was lost. Default: a new one. */
  @IsOptional()
  @Id()
  messageId?: string;

  @Refused('Leave senderId out: the sender is whoever is signed in')
  senderId?: never;

  @Id()
  recipientId!: string;

  @Id()
  conversationId!: string;

  @Text()
  content!: string;

  /** Sealed before it is stored and sent; search does not find it. Default false. */
  @IsOptional()
  @IsBoolean()
  requiresEncryption?: boolean;
}
