import { ModuleRef } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';
import { readEnvironment } from './environment.js';
import type { Environment } from './environment.js';

/** A provider that `@nestjs/config` adds to every app that uses it. Names of classes do not survive a minifier. */
const CONFIGURATION_TOKEN = 'CONFIGURATION_TOKEN';

/**
 * The variables of an app: through `ConfigService` of `@nestjs/config` when the host imports `ConfigModule`, global or
 * not, else from the process.
 */
export async function hostEnvironment(modules: ModulesContainer): Promise<Environment> {
  const all = [...modules.values()];
  // A host without the module need not load its package either.
  if (!all.some(({ providers }) => providers.has(CONFIGURATION_TOKEN))) return readEnvironment(undefined);
  const { LoadedConfig } = require('./loaded-config.js') as typeof import('./loaded-config.js');
  let service: Parameters<typeof readEnvironment>[0];
  for (const { metatype, providers } of all) {
    const moduleRef = providers.get(ModuleRef)?.instance as ModuleRef | undefined;
    const config = moduleRef && (await LoadedConfig.of(metatype, moduleRef));
    if (config !== undefined) service = config.service;
  }
  return readEnvironment(service);
}
