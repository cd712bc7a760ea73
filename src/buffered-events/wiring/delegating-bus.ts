import type { BusReadings } from '../bus/bus-readings.js';
import { EventBus } from '../bus/event-bus.js';
import type { EventDeadLetterFilter } from '../bus/event-bus.js';
import type { EventDeadLetter, EventOptions, HandlerPlace, IEventHandler } from '../events/event-words.js';

/** Stands around a bus: does what it does, until a subclass says otherwise. */
export abstract class DelegatingBus extends EventBus {
  constructor(private readonly inner: EventBus) {
    super();
  }

  emit(type: string, payload: unknown, options?: EventOptions): Promise<string> {
    return this.inner.emit(type, payload, options);
  }

  emitHandled(type: string, payload: unknown, options?: EventOptions): Promise<void> {
    return this.inner.emitHandled(type, payload, options);
  }

  register(type: string, handler: IEventHandler, place?: HandlerPlace | null): void {
    this.inner.register(type, handler, place);
  }

  initialize(): Promise<void> {
    return this.inner.initialize();
  }

  shutdown(): Promise<void> {
    return this.inner.shutdown();
  }

  scale(count: number): Promise<void> {
    return this.inner.scale(count);
  }

  deadLetters(): readonly EventDeadLetter[] {
    return this.inner.deadLetters();
  }

  replayDeadLetters(filter?: EventDeadLetterFilter): Promise<number> {
    return this.inner.replayDeadLetters(filter);
  }

  discardDeadLetters(filter?: EventDeadLetterFilter): Promise<number> {
    return this.inner.discardDeadLetters(filter);
  }

  readings(): BusReadings {
    return this.inner.readings();
  }
}
