import { MessageQueueError } from '../../kernel/errors.js';

/** The payload is nothing that JSON can say: a cycle, a bigint, a function. Nothing was stored. */
export class EventNotSerializableError extends MessageQueueError {
  readonly code = 'EVENT_NOT_SERIALIZABLE';
}

/** The payload is larger than `maxEventSize`. Nothing was stored. */
export class EventTooLargeError extends MessageQueueError {
  readonly code = 'EVENT_TOO_LARGE';

  /** @param size of the payload as JSON, bytes of UTF-8 @param limit `maxEventSize`, bytes */
  constructor(
    readonly type: string,
    readonly size: number,
    readonly limit: number,
  ) {
    super(
      `An event of type "${type}" has ${size} bytes as JSON; maxEventSize allows ${limit}. ` +
        'Emit an id instead of the content, or raise maxEventSize.',
    );
  }
}

/** Why an event found no room. */
export type FullReason = 'events' | 'memory' | 'rate';

const FULL: Record<FullReason, string> = {
  events: 'it holds maxQueueSize events',
  memory: 'its memory (maxMemoryMB) is used',
  rate: 'maxInputRate events were emitted within a second',
};

/** The buffer is full, and stayed full for `whenFull.waitMs`. Nothing was stored. */
export class EventBufferFullError extends MessageQueueError {
  readonly code = 'EVENT_BUFFER_FULL';

  /** @param waitedMs how long it waited for room, milliseconds */
  constructor(
    readonly type: string,
    readonly reason: FullReason,
    readonly waitedMs: number,
  ) {
    super(
      `An event of type "${type}" found the buffer full: ${FULL[reason]}.` +
        (waitedMs > 0 ? ` It waited ${waitedMs} ms.` : ''),
    );
  }
}

/** The bus has not started yet, or is shutting down. Nothing was stored. */
export class EventBusClosedError extends MessageQueueError {
  readonly code = 'EVENT_BUS_CLOSED';
}

/** A handler took longer than `threads.handlerTimeoutMs`. */
export class EventTimeoutError extends MessageQueueError {
  readonly code = 'EVENT_TIMEOUT';
}

/** Threads died again and again while they ran nothing but this event. */
export class WorkerCrashedError extends MessageQueueError {
  readonly code = 'WORKER_CRASHED';
}

/** A worker thread could not start: its module is missing, wrong, or its boot failed. */
export class EventThreadStartError extends MessageQueueError {
  readonly code = 'EVENT_THREAD_START';
}

/** Handlers that contradict each other, or cannot run where they say. Thrown at start. */
export class EventHandlerRegistrationError extends MessageQueueError {
  readonly code = 'EVENT_HANDLER_REGISTRATION';
}

/** A call of the bus that only the app's own thread can answer, made in a worker thread. */
export class EventThreadCallError extends MessageQueueError {
  readonly code = 'EVENT_THREAD_CALL';
}
