import type { Provider } from '@nestjs/common';
import { JobEvents } from '../jobs/job-events.js';
import { Clock } from '../jobs/clock.js';
import { HandlerRegistry } from '../jobs/handler-registry.js';
import { JobMiddlewareStack } from '../jobs/job-middleware.js';
import type { JobMiddlewareRegistration } from '../jobs/job-middleware.js';
import { CircuitBreakers } from '../ports/circuit-breakers.js';
import { CockatielCircuitBreakers } from '../resilience/cockatiel-circuit-breakers.js';
import type { CircuitBreakerOptions } from '../resilience/breaker-settings.js';
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
  HandlerRegistration,
];
