import { IsBoolean, IsOptional, IsString, Length } from 'class-validator';

/** Body of `POST /api/messages`. */
export class SendMessageDto {
  @IsString()
  @Length(1, 128)
  senderId!: string;

  @IsString()
  @Length(1, 128)
  recipientId!: string;

  @IsString()
  @Length(1, 128)
  conversationId!: string;

  @IsString()
  @Length(1, 20_000)
  content!: string;

  /** Sealed before it is stored and sent. Default false. */
  @IsOptional()
  @IsBoolean()
  requiresEncryption?: boolean;
}
