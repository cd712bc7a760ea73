import { EventBus } from '../../bus/event-bus.js';
import { payloadJson } from '../../bus/emitting/payload-json.js';
import { currentEvent } from '../../consume/current-event.js';
import type { EventHandlers } from '../../consume/event-handlers.js';
import { HandlerContext } from '../../consume/handler-context.js';
import { refusalFrom } from '../../consume/refusal-record.js';
import {
  EventBusClosedError,
  EventHandlerRegistrationError,
  EventThreadCallError,
} from '../../events/errors.js';
import { checkEventHandler, checkEventOptions, checkEventType } from '../../events/event-kinds.js';
import type { EventOptions, HandlerPlace, IEventHandler } from '../../events/event-words.js';
import type { FromThread, ToThread } from '../thread-messages.js';

interface Waiter {
  readonly resolve: (id: string) => void;
  readonly reject: (error: Error) => void;
}

/** The bus in a worker thread: one thread alone writes events, the app's, so all others ask it to. */
export class ThreadBus extends EventBus {
  private calls = 0;
  private isBooting = true;
  private closed: EventBusClosedError | undefined;
  private readonly waiting = new Map<number, Waiter>();

  /** @param maxEventSize bytes of UTF-8 @param post sends a message to the app's thread */
  constructor(
    private readonly handlers: EventHandlers,
    private readonly maxEventSize: number,
    private readonly post: (message: FromThread) => void,
  ) {
    super();
  }

  /** The app answers, so what it refuses is refused here with the same error. */
  async emit(type: string, payload: unknown, options: EventOptions = {}): Promise<string> {
    checkEventType('emitEvent()', type);
    checkEventOptions('emitEvent()', options);
    const { json } = payloadJson(type, payload, this.maxEventSize);
    if (this.closed !== undefined) throw this.closed;
    const current = currentEvent();
    const correlationId = options.correlationId ?? current?.correlationId;
    const carried = current instanceof HandlerContext ? current.carriedJson : undefined;
    const call = (this.calls += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(call, { resolve, reject });
      this.post({
        kind: 'emit',
        call,
        type,
        json,
        options: { priority: options.priority, correlationId },
        ...(carried !== undefined && { carried }),
      });
    });
  }

  /** The app has answered. */
  answered({ call, id, error }: Extract<ToThread, { kind: 'emitted' }>): void {
    const waiter = this.waiting.get(call);
    this.waiting.delete(call);
    if (error === undefined) waiter?.resolve(id ?? '');
    else waiter?.reject(refusalFrom(error));
  }

  /** @throws EventHandlerRegistrationError once the thread has booted: the app knows by then what it handles */
  register(type: string, handler: IEventHandler, place: HandlerPlace | null = null): void {
    checkEventType('registerHandler()', type);
    checkEventHandler('registerHandler()', handler);
    if (!this.isBooting) {
      throw new EventHandlerRegistrationError(
        `registerHandler() for "${type}" came after its worker thread had booted. ` +
          'Call it in a constructor or in onModuleInit, or in the app, where it may be called any time.',
      );
    }
    // The app itself has the handlers that run there.
    if (place !== 'main') this.handlers.add(type, handler);
  }

  /** Nothing can be registered any more. */
  booted(): void {
    this.isBooting = false;
  }

  /** The thread ends: what waits for an answer will get none. */
  close(): void {
    this.closed = new EventBusClosedError('The worker thread is ending: the event was not stored.');
    for (const { reject } of this.waiting.values()) reject(this.closed);
    this.waiting.clear();
  }

  /** The app has started the bus before there was a thread. */
  override initialize(): Promise<void> {
    return Promise.resolve();
  }

  /** It is the app that shuts the bus down, its threads with it. */
  override shutdown(): Promise<void> {
    return Promise.resolve();
  }

  override scale(): Promise<never> {
    return Promise.reject(onlyInApp('scaleWorkers()'));
  }

  override emitHandled(): Promise<never> {
    return Promise.reject(onlyInApp('emitHandled()'));
  }

  override deadLetters(): never {
    throw onlyInApp('getDeadLetterQueue()');
  }

  override replayDeadLetters(): Promise<never> {
    return Promise.reject(onlyInApp('replayDeadLetters()'));
  }

  override discardDeadLetters(): Promise<never> {
    return Promise.reject(onlyInApp('discardDeadLetters()'));
  }

  override readings(): never {
    throw onlyInApp('Metrics, health and statistics of the bus');
  }
}

function onlyInApp(call: string): EventThreadCallError {
  return new EventThreadCallError(
    `${call} can be had in the app's own thread alone; this is a worker thread. ` +
      "Ask there, or let the handler that needs it run there: @OnEvent(type, { where: 'main' }).",
  );
}
