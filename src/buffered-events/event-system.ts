import type { BufferedEventBusService } from './buffered-event-bus.service.js';
import type { BufferedEventConfig } from './buffered-events.options.js';

/** Options of `bootstrapEventSystem`. */
export interface EventSystemOptions {
  /** Whether events go through the buffer. False: an emit runs the handlers before it resolves, as with `enabled: false`. Default false. */
  readonly useBufferedProcessing?: boolean;
  /** Whatever it leaves out comes from the environment. */
  readonly bufferedEventConfig?: BufferedEventConfig;
}

/** A bus without an app around it. */
export interface EventSystem {
  /** The one bus of the system, buffered or not. */
  readonly eventBus: BufferedEventBusService;
  /** The same. */
  readonly bufferedEventBus: BufferedEventBusService;
  /** Resolves once it has started; rejects with what kept it from that. Events that are emitted before wait for it. */
  readonly ready: Promise<void>;
  /** Drains the bus, then runs the listeners' shutdown hooks. */
  shutdown(): Promise<void>;
}
