import { Id, Text } from '../input/fields.js';

/** Body of `POST /api/announcements`. */
export class SendAnnouncementDto {
  @Id()
  senderId!: string;

  @Text()
  content!: string;
}
