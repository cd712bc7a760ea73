import type { StoredEvent } from '../buffer/buffer-words.js';
import { EventHandlerRegistrationError } from '../events/errors.js';
import type { BufferedEvent } from '../events/event-map.js';
import type { EventContext, IEventHandler } from '../events/event-words.js';
import { asCurrentEvent } from './current-event.js';
import type { EventHandlers } from './event-handlers.js';
import { eventObject, HandlerContext } from './handler-context.js';
import type { LazySignal } from './lazy-signal.js';

/** Runs the handlers of one event, here. */
export class EventRunner {
  /**
   * @param bus first half of every event's id
   * @param typeOf the name of a type by its number
   */
  constructor(
    private readonly bus: string,
    private readonly typeOf: (type: number) => string | undefined,
    private readonly handlers: EventHandlers,
  ) {}

  /**
   * Calls the handlers of an event's type, one after the other in order of registration. The first that fails fails the
   * event: it throws what that one threw, or returns a promise that rejects with it.
   * @returns nothing, or what must be awaited before the event is over
   */
  run(event: StoredEvent, signal: LazySignal): unknown {
    const type = this.typeOf(event.type);
    const handlers = type === undefined ? undefined : this.handlers.of(type);
    if (type === undefined || handlers === undefined) {
      throw new EventHandlerRegistrationError(
        `An event of type "${type ?? event.type}" came to a thread that has no handler for it: ` +
          'each start of threads.module must register the same handlers.',
      );
    }
    const context = new HandlerContext(this.bus, type, event, signal);
    const object = eventObject(type, JSON.parse(event.json), context.correlationId);
    return asCurrentEvent(context, () => callAll(handlers, object, context, signal));
  }
}

function callAll(
  handlers: readonly IEventHandler[],
  event: BufferedEvent,
  context: EventContext,
  signal: LazySignal,
): unknown {
  const [first] = handlers;
  return handlers.length === 1 && first !== undefined
    ? first.handle(event, context)
    : inOrder(handlers, event, context, signal);
}

async function inOrder(
  handlers: readonly IEventHandler[],
  event: BufferedEvent,
  context: EventContext,
  signal: LazySignal,
): Promise<void> {
  // A handler that is registered meanwhile belongs to later events.
  for (const handler of [...handlers]) {
    // The run may be given up by now, and another one be under way.
    signal.throwIfAborted();
    await handler.handle(event, context);
  }
}
