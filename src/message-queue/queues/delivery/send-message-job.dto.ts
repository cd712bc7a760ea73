import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsBoolean, ValidateNested } from 'class-validator';
import { DateField, IdField, OptionalField, TextField } from '../payload-fields.js';
import { AttachmentDto } from './attachment.dto.js';
import { Identifies, KeyScope, Readable } from '../../privacy/sealed-fields.decorators.js';

/** Longest message content, in characters. */
export const MAX_CONTENT_LENGTH = 100_000;

/** Payload of `send-message`: one message for one recipient. */
export class SendMessageJobDto {
  @Identifies('message')
  @IdField()
  messageId!: string;

  @Identifies('subject')
  @IdField()
  senderId!: string;

  @Identifies('subject')
  @IdField()
  recipientId!: string;

  @KeyScope('conversation')
  @IdField()
  conversationId!: string;

  /** 1 to 100 000 characters. */
  @TextField(MAX_CONTENT_LENGTH)
  content!: string;

  /** Whether the content is sealed before it is stored and sent. Default false. */
  @Readable()
  @OptionalField()
  @IsBoolean()
  requiresEncryption?: boolean;

  /** At most 20. */
  @OptionalField()
  @IsArray()
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => AttachmentDto)
  attachments?: AttachmentDto[];

  /** The batch the message belongs to; set by `batch-send`. */
  @Readable()
  @OptionalField()
  @IdField()
  batchId?: string;

  @Readable()
  @DateField()
  createdAt!: Date | string;
}
