/** Marks the provider in which a module keeps how it was registered. */
export const ROOT_REGISTRATION = Symbol.for('nestjs-message-queue:root-registration');

/** Marks the provider in which a module keeps which queue it registers. */
export const QUEUE_REGISTRATION = Symbol.for('nestjs-message-queue:queue-registration');

/** The options of a registration as `forRoot` or the factory of `forRootAsync` gave them. */
export function getOptionsToken(configKey?: string): symbol {
  return Symbol.for(`nestjs-message-queue:options:${configKey ?? ''}`);
}

/** The configuration together with the queues' settings; internal. */
export const RESOLVED_CONFIGURATION = Symbol.for('nestjs-message-queue:resolved-configuration');

/** The hosts' middleware in the order registered; internal. */
export const JOB_MIDDLEWARE = Symbol.for('nestjs-message-queue:middleware');

/** How the circuit breakers behave; internal. */
export const CIRCUIT_BREAKER_OPTIONS = Symbol.for('nestjs-message-queue:circuit-breaker-options');
