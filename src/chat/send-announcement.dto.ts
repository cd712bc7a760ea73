import { IsString, Length } from 'class-validator';

/** Body of `POST /api/announcements`. */
export class SendAnnouncementDto {
  @IsString()
  @Length(1, 128)
  senderId!: string;

  @IsString()
  @Length(1, 20_000)
  content!: string;
}
