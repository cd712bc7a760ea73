import { ModuleRef } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';
import type { ConfigService } from '@nestjs/config';
import { readEnvironment } from '../configuration/environment.js';
import type { Environment } from '../configuration/environment.js';

/**
 * The variables of an app: through `ConfigService` of `@nestjs/config` when the host imports `ConfigModule`, global or
 * not, else from the process.
 */
export async function hostEnvironment(modules: ModulesContainer): Promise<Environment> {
  let service: ConfigService | undefined;
  for (const module of modules.values()) {
    // A host without the module need not load its package either.
    if (module.metatype.name !== 'ConfigModule') continue;
    const { isConfigModule, loadedConfigService } =
      require('./loaded-config.js') as typeof import('./loaded-config.js');
    if (!isConfigModule(module.metatype)) continue;
    const moduleRef = module.providers.get(ModuleRef)?.instance as ModuleRef | undefined;
    if (moduleRef !== undefined) service = await loadedConfigService(moduleRef);
  }
  return readEnvironment(service);
}
