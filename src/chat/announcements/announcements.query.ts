import { Refused } from '../input/refused-field.js';

/** Query of `GET /api/announcements`. */
export class AnnouncementsQuery {
  @Refused('Leave recipientId out: whoever is signed in gets their own')
  recipientId?: never;
}
