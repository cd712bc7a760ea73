import type { EventBus } from '../bus/event-bus.js';
import type { EventOptions, EventPriority } from '../events/event-words.js';
import { DelegatingBus } from '../wiring/delegating-bus.js';

/** An event that was emitted while a test ran, by whomever. */
export interface EmittedEvent {
  readonly id: string;
  readonly type: string;
  /** As handlers get it: it was JSON. */
  readonly payload: unknown;
  readonly priority: EventPriority;
  /** As it was given; undefined: the bus chose one. */
  readonly correlationId: string | undefined;
}

/** Remembers what was emitted. */
export class RecordedEvents {
  private readonly events: EmittedEvent[] = [];

  /** In the order in which they were stored. */
  get all(): readonly EmittedEvent[] {
    return [...this.events];
  }

  /** Forgets all of them. */
  clear(): void {
    this.events.length = 0;
  }

  /** The same bus, whose events are remembered from now on. */
  around(bus: EventBus): EventBus {
    return new RecordedBus(bus, this.events);
  }
}

class RecordedBus extends DelegatingBus {
  constructor(
    bus: EventBus,
    private readonly events: EmittedEvent[],
  ) {
    super(bus);
  }

  override async emit(type: string, payload: unknown, options: EventOptions = {}): Promise<string> {
    const emitting = super.emit(type, payload, options);
    // What is refused for it is refused by the bus, and never stands here.
    const kept = copyOf(payload);
    const id = await emitting;
    const { priority = 'normal', correlationId } = options;
    this.events.push({ id, type, payload: kept, priority, correlationId });
    return id;
  }
}

function copyOf(payload: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(payload)) as unknown;
  } catch {
    return undefined;
  }
}
