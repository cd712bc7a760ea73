import type { InjectionToken, Provider } from '@nestjs/common';

/** Marks the provider in which a module keeps how it was registered. */
export const ROOT_REGISTRATION = Symbol.for('nestjs-message-queue:root-registration');

/** Marks the provider in which a module keeps which queue it registers. */
export const QUEUE_REGISTRATION = Symbol.for('nestjs-message-queue:queue-registration');

/** The options of a registration as `forRoot` or the factory of `forRootAsync` gave them. */
export function getOptionsToken(configKey?: string): symbol {
  return Symbol.for(`nestjs-message-queue:options:${configKey ?? ''}`);
}

/** The configuration together with the queues' settings and the options of the parts; internal. */
export const RESOLVED_CONFIGURATION = Symbol.for('nestjs-message-queue:resolved-configuration');

/** The token of a provider. */
export function tokenOf(provider: Provider): InjectionToken {
  return typeof provider === 'function' ? provider : provider.provide;
}
