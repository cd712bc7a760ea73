import { ModuleRef } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';
import { readEnvironment } from '../configuration/environment.js';
import type { Environment } from '../configuration/environment.js';
import type { LoadedConfig } from '../configuration/loaded-config.js';

/**
 * The variables of an app: through `ConfigService` of `@nestjs/config` when the host imports `ConfigModule`, global or
 * not, else from the process.
 */
export async function hostEnvironment(modules: ModulesContainer): Promise<Environment> {
  let config: LoadedConfig | undefined;
  for (const { metatype, providers } of modules.values()) {
    // A host without the module need not load its package either.
    if (metatype.name !== 'ConfigModule') continue;
    const moduleRef = providers.get(ModuleRef)?.instance as ModuleRef | undefined;
    if (moduleRef === undefined) continue;
    const loaded =
      require('../configuration/loaded-config.js') as typeof import('../configuration/loaded-config.js');
    config = (await loaded.LoadedConfig.of(metatype, moduleRef)) ?? config;
  }
  return readEnvironment(config?.service);
}
