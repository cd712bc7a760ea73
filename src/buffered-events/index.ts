/** Events that are handled on worker threads: `nestjs-message-queue/buffered-events`. */
export { BufferedEventsModule } from './buffered-events.module.js';
export { BufferedEventBusService } from './buffered-event-bus.service.js';
export type { EventHandlerOf } from './buffered-event-bus.service.js';
export { bootstrapEventSystem } from './bootstrap-event-system.js';
export type { EventSystem, EventSystemOptions } from './event-system.js';
export { defaultBufferedEventConfig } from './buffered-events.options.js';
export type {
  BufferedEventConfig,
  BufferedEventsFactoryOptions,
  BufferedEventsModuleAsyncOptions,
  BufferedEventsModuleOptions,
  BufferedEventsModuleSetup,
  BufferedEventsOptionsFactory,
} from './buffered-events.options.js';
export { EventListener, OnEvent } from './events/event-listener.decorator.js';
export type { EventHandlerDecorator, OnEventOptions } from './events/event-listener.decorator.js';
export { currentEvent } from './consume/current-event.js';
export type {
  AsJson,
  BufferedEvent,
  EventMap,
  EventPayload,
  EventType,
  HandledEvent,
  Undeclared,
} from './events/event-map.js';
export type {
  ErrorRecord,
  EventContext,
  EventDeadLetter,
  EventOptions,
  EventPriority,
  HandlerPlace,
  IEvent,
  IEventHandler,
  KeptEvent,
  LeftoverEvent,
} from './events/event-words.js';
export type { EventDeadLetterFilter } from './bus/event-bus.js';
export type {
  Alert,
  EventAlertCode,
  EventLaneMetrics,
  EventPercentiles,
  EventQueueMetrics,
  EventRetryStats,
  EventSystemMetrics,
  HealthCheckResult,
  WorkerStatistics,
} from './judge/judge-words.js';
export {
  EventBufferFullError,
  EventBusClosedError,
  EventHandlerRegistrationError,
  EventNotSerializableError,
  EventThreadCallError,
  EventThreadStartError,
  EventTimeoutError,
  EventTooLargeError,
  WorkerCrashedError,
} from './events/errors.js';
export type { FullReason } from './events/errors.js';
