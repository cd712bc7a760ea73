import type { CircuitBreakerOptions } from '../resilience/breaker-settings.js';
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
  /** Provide the settings under `getOptionsToken(configKey)`. */
  readonly optionsProviders: readonly Provider[];
}
