import type { CircuitBreakerOptions } from '../resilience/breaker-settings.js';
import type { BoardOptions } from '../admin/board/board-access.js';
import type { HealthThresholds } from '../monitoring/queue-health.js';
import type { ModuleMetadata, Provider } from '@nestjs/common';
import type { JobMiddlewareRegistration } from '../jobs/job-middleware.js';

/** What a registration says besides the settings, as both `forRoot` and `forRootAsync` give it. */
export interface RootSetup {
  readonly configKey?: string;
  readonly isGlobal: boolean;
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  readonly adapters: readonly Provider[];
  readonly middleware: readonly JobMiddlewareRegistration[];
  readonly circuitBreakers: CircuitBreakerOptions;
  readonly board: BoardOptions;
  readonly health: Partial<HealthThresholds>;
  /** Provide the settings under `getOptionsToken(configKey)`. */
  readonly optionsProviders: readonly Provider[];
}
