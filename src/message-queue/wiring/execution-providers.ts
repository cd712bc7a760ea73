import type { Provider } from '@nestjs/common';
import { JobEvents } from '../jobs/job-events.js';
import { Clock } from '../jobs/clock.js';
import { JobExecutor } from '../jobs/job-executor.js';
import type { MessageQueueConfig } from '../message-queue.options.js';
import { MESSAGE_QUEUE_CONFIG } from '../message-queue.tokens.js';
import { HandlerRegistry } from '../jobs/handler-registry.js';
import { JobMiddlewareStack } from '../jobs/job-middleware.js';
import type { JobMiddlewareRegistration } from '../jobs/job-middleware.js';
import { CircuitBreakers } from '../ports/circuit-breakers.js';
import { CockatielCircuitBreakers } from '../resilience/cockatiel-circuit-breakers.js';
import type { CircuitBreakerOptions } from '../resilience/breaker-settings.js';
import { exitForRestart } from './exit-for-restart.js';
import { HandlerRegistration } from './handler-registration.js';
import { CIRCUIT_BREAKER_OPTIONS, JOB_MIDDLEWARE } from './tokens.js';

/** What every job passes through. */
export const EXECUTION_PROVIDERS: readonly Provider[] = [
  { provide: JobEvents, useFactory: () => new JobEvents() },
  { provide: HandlerRegistry, useFactory: () => new HandlerRegistry() },
  {
    provide: JobMiddlewareStack,
    useFactory: (registrations: readonly JobMiddlewareRegistration[]) =>
      new JobMiddlewareStack(registrations),
    inject: [JOB_MIDDLEWARE],
  },
  {
    provide: CircuitBreakers,
    useFactory: (clock: Clock, events: JobEvents, options: CircuitBreakerOptions) =>
      new CockatielCircuitBreakers(clock, options, events),
    inject: [Clock, JobEvents, CIRCUIT_BREAKER_OPTIONS],
  },
  {
    provide: JobExecutor,
    useFactory: (
      handlers: HandlerRegistry,
      middleware: JobMiddlewareStack,
      events: JobEvents,
      clock: Clock,
      config: MessageQueueConfig,
    ) => {
      const { maxCrashes, abortGraceMs } = config;
      const onStuck = config.onStuckHandler === 'exit' ? () => exitForRestart(config) : undefined;
      return new JobExecutor({ handlers, middleware, events, clock, maxCrashes, abortGraceMs, onStuck });
    },
    inject: [HandlerRegistry, JobMiddlewareStack, JobEvents, Clock, MESSAGE_QUEUE_CONFIG],
  },
  HandlerRegistration,
];
