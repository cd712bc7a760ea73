import type { StoredEvent } from '../buffer/buffer-words.js';
import { LANES } from '../buffer/buffer-words.js';
import type { BufferedEvent } from '../events/event-map.js';
import type { EventContext, EventPriority } from '../events/event-words.js';
import type { LazySignal } from './lazy-signal.js';

/** What a handler knows of its run. A class, since what is seldom asked for is made when it is. */
export class HandlerContext implements EventContext {
  readonly id: string;
  readonly correlationId: string;
  readonly priority: EventPriority;
  /** 1 for the first run. */
  readonly attempt: number;
  readonly emittedAt: number;
  readonly #lazy: LazySignal;
  readonly #carriedJson: string | undefined;
  #carried: { readonly value: unknown } | undefined;

  constructor(
    bus: string,
    readonly type: string,
    event: StoredEvent,
    lazy: LazySignal,
  ) {
    this.id = eventId(bus, event.sequence);
    this.correlationId = event.correlationId ?? this.id;
    this.priority = LANES[event.lane] ?? 'normal';
    this.attempt = event.attempts + 1;
    this.emittedAt = event.emittedAt;
    this.#lazy = lazy;
    this.#carriedJson = event.carried;
  }

  get signal(): AbortSignal {
    return this.#lazy.signal;
  }

  /** What is carried, as it was emitted: what the handler emits carries it on. */
  get carriedJson(): string | undefined {
    return this.#carriedJson;
  }

  get carried(): unknown {
    if (this.#carriedJson === undefined) return undefined;
    this.#carried ??= { value: JSON.parse(this.#carriedJson) as unknown };
    return this.#carried.value;
  }
}

/** Half of the bus, half of its count: unique among processes, and not stored with each event. */
export function eventId(bus: string, sequence: number): string {
  return `${bus}-${sequence.toString(36)}`;
}

/** The half of an event's id that is counted. */
export function sequenceOf(id: string): number {
  return Number.parseInt(id.slice(id.lastIndexOf('-') + 1), 36);
}

/** The event as a handler gets it: fields of the payload beside its own, which win. */
export function eventObject(type: string, payload: unknown, correlationId: string): BufferedEvent {
  const fields = typeof payload === 'object' && !Array.isArray(payload) ? payload : undefined;
  // Its own names first, and once more where the payload has them too: on Node 20, fields that come first make each event ten times as dear.
  const event = { type, payload, correlationId, ...fields };
  event.type = type;
  event.payload = payload;
  event.correlationId = correlationId;
  return event;
}
