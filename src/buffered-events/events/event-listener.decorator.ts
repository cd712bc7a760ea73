import { Injectable } from '@nestjs/common';
import { oneOf } from '../../kernel/values/kinds.js';
import { defaulted, resolveOptions } from '../../kernel/values/options.js';
import type { EventType, HandledEvent } from './event-map.js';
import { checkArgument, EVENT_TYPE } from './event-kinds.js';
import type { EventContext, HandlerPlace } from './event-words.js';

/** How the handlers of a type run. */
export interface OnEventOptions {
  /**
   * `threads`: on worker threads. `main`: in the thread of the app, for what needs it (a socket, a cache in memory). One type has handlers
   * at one place. Default `threads`.
   */
  readonly where?: HandlerPlace;
}

/** One type that a method handles. */
export interface HandledByMethod {
  readonly type: string;
  readonly where: HandlerPlace;
}

const OPTIONS = { where: defaulted(oneOf('threads', 'main'), 'threads') };

const EVENT_HANDLER_METADATA = 'nestjs-message-queue:event-handler';

/** A provider with handlers of events: an `@Injectable()`. Its methods with {@link OnEvent} are found wherever it is provided. */
export function EventListener(): ClassDecorator {
  return Injectable();
}

/** Fits methods that can be called with an event of these types. */
export type EventHandlerDecorator<T extends string> = <
  Method extends (event: HandledEvent<T>, context: EventContext) => unknown,
>(
  target: object,
  methodName: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Makes a method of a provider the handler of a type of events, or of several: name them in a list, or put several on one method. It is called
 * with the event and an `EventContext`; when it throws or rejects, the event is run again after `retryDelays`, by all handlers of its type.
 *
 * Where a host declares its events (`EventMap`), unknown types and methods that take another payload do not compile.
 * @throws TypeError for a type that none can have, and on what is no method of instances; InvalidConfigurationError for wrong options
 */
export function OnEvent<const T extends EventType>(
  type: T | readonly T[],
  options: OnEventOptions = {},
): EventHandlerDecorator<T> {
  const types = (Array.isArray(type) ? type : [type]) as readonly unknown[];
  checkArgument('@OnEvent()', 'type', types.length === 0 ? undefined : types[0], EVENT_TYPE);
  for (const one of types) checkArgument('@OnEvent()', 'type', one, EVENT_TYPE);
  const { where } = resolveOptions('@OnEvent()', options, OPTIONS);
  return (target, methodName, descriptor) => {
    const method: unknown = descriptor.value;
    if (typeof target === 'function' || typeof methodName !== 'string' || typeof method !== 'function') {
      throw new TypeError(
        `@OnEvent() on ${String(methodName)}: it belongs on a method of a class’s instances that has a name`,
      );
    }
    const handled = types.map((one) => ({ type: one as string, where }));
    Reflect.defineMetadata(EVENT_HANDLER_METADATA, [...handled, ...handledByMethod(method)], method);
  };
}

/** The types that a method handles, in the order in which they are written above it; none for any other. */
export function handledByMethod(method: unknown): readonly HandledByMethod[] {
  if (typeof method !== 'function') return [];
  const found = Reflect.getOwnMetadata(EVENT_HANDLER_METADATA, method) as HandledByMethod[] | undefined;
  return found ?? [];
}
