import { Id } from '../input/fields.js';

/** Query of `GET /api/announcements`. */
export class AnnouncementsQuery {
  /** Whose copies to list. */
  @Id()
  recipientId!: string;
}
