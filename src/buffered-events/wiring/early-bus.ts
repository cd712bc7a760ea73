import { payloadJson } from '../bus/emitting/payload-json.js';
import type { EventBus } from '../bus/event-bus.js';
import { checkEventOptions, checkEventType } from '../events/event-kinds.js';
import type { EventOptions } from '../events/event-words.js';
import { DelegatingBus } from './delegating-bus.js';

/** A bus that may be given events while it starts: they wait for the start, and fail with it. */
export class EarlyBus extends DelegatingBus {
  private hasStarted = false;

  /** @param maxEventSize bytes of UTF-8 @param ready settles when it has started, or could not */
  constructor(
    inner: EventBus,
    private readonly maxEventSize: number,
    private readonly ready: () => Promise<void>,
  ) {
    super(inner);
  }

  override async emit(type: string, payload: unknown, options?: EventOptions): Promise<string> {
    if (this.hasStarted) return super.emit(type, payload, options);
    checkEventType('emitEvent()', type);
    checkEventOptions('emitEvent()', options);
    // As it is now: the object may be another by the time there is a bus.
    const { json } = payloadJson(type, payload, this.maxEventSize);
    await this.ready();
    return super.emit(type, JSON.parse(json) as unknown, options);
  }

  override async initialize(): Promise<void> {
    await super.initialize();
    this.hasStarted = true;
  }
}
