import { LANES } from '../buffer/buffer-words.js';
import type { NewEvent, StoredEvent } from '../buffer/buffer-words.js';
import { eventId } from '../consume/handler-context.js';
import type { ErrorRecord, KeptEvent, LeftoverEvent } from '../events/event-words.js';
import type { DeadLetterRecord } from '../settle/dead-letters.js';
import type { EventTypes } from './event-types.js';

/** Events of the buffer in the words of those who keep them elsewhere. */
export class StoredEvents {
  /** @param bus first half of every event's id */
  constructor(
    private readonly bus: string,
    private readonly types: EventTypes,
  ) {}

  /** An event that failed for good. @param now milliseconds since the epoch */
  letterOf(event: StoredEvent, lastError: ErrorRecord, now: number): DeadLetterRecord {
    const { sequence, carried, json, attempts, crashes } = event;
    const words = this.wordsOf(event);
    return {
      ...words,
      id: this.idOf(event),
      sequence,
      carried,
      json,
      attempts,
      crashes,
      lastError,
      timestamp: now,
    };
  }

  /** A dead letter as a new event; undefined where nobody knows its type. */
  eventOf(letter: DeadLetterRecord, now: number): NewEvent | undefined {
    const { id, type, priority, sequence, correlationId, carried, json } = letter;
    const known = this.types.of(type);
    if (known === undefined) return undefined;
    return {
      type: known.number,
      lane: LANES.indexOf(priority),
      sequence,
      emittedAt: now,
      correlationId: correlationId === id ? undefined : correlationId,
      carried,
      json,
      bytes: Buffer.byteLength(json),
    };
  }

  /** An event that nobody handled. */
  leftoverOf(event: StoredEvent): LeftoverEvent {
    const payload: unknown = JSON.parse(event.json);
    return { id: this.idOf(event), ...this.wordsOf(event), payload, attempts: event.attempts };
  }

  private idOf(event: StoredEvent): string {
    return eventId(this.bus, event.sequence);
  }

  private wordsOf(event: StoredEvent): Omit<KeptEvent, 'payload'> {
    return {
      type: this.types.at(event.type)?.name ?? String(event.type),
      priority: LANES[event.lane] ?? 'normal',
      correlationId: event.correlationId ?? this.idOf(event),
      emittedAt: event.emittedAt,
    };
  }
}
