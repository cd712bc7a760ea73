import { Allow, IsIn, IsNumber, IsString } from 'class-validator';
import type { EventPriority } from '../events/event-words.js';

/** An event on a queue. */
export class EventJobDto {
  /** Of the event. */
  @IsString()
  type!: string;

  /** As JSON, like everywhere. */
  @Allow()
  payload: unknown;

  /** Its lane on the bus. */
  @IsIn(['critical', 'normal', 'low'])
  priority!: EventPriority;

  /** That of the event, whose handlers see it again. */
  @IsString()
  correlationId!: string;

  /** When it was emitted first, milliseconds since the epoch. */
  @IsNumber()
  emittedAt!: number;
}
