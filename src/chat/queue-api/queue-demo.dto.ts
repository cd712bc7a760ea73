import { Id } from '../input/fields.js';

/** Body of `POST /api/queue/demo`. */
export class QueueDemoDto {
  /** Who hears of what the queues have processed. */
  @Id()
  userId!: string;

  @Id()
  conversationId!: string;
}
