import { IsOptional, IsString } from 'class-validator';
import { KeyScope, Readable } from '../../src/message-queue/index.js';

/** A payload with an id that anybody may read, a conversation whose key seals it, and content. */
export class LetterDto {
  @Readable() @IsString() letterId!: string;
  @KeyScope('conversation') @IsOptional() @IsString() conversationId?: string;
  @IsString() text!: string;
}

export const LETTER = { letterId: 'l-1', conversationId: 'c-1', text: 'Zoë has a fever' };
