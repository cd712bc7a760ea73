import { Text } from '../input/fields.js';
import { Refused } from '../input/refused-field.js';

/** Body of `POST /api/announcements`. */
export class SendAnnouncementDto {
  @Refused('Leave senderId out: the sender is whoever is signed in')
  senderId?: never;

  @Text()
  content!: string;
}
