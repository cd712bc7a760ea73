import { Inject, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { readEnvironment } from '../configuration/environment.js';
import type { Environment } from '../configuration/environment.js';

/** Asking for these makes Nest finish the host's configuration first: files, validation, loaded objects. */
class LoadedConfig {
  constructor(
    @Inject(ConfigService) readonly service: ConfigService,
    @Optional() @Inject('CONFIGURATION_LOADER') readonly loaded: unknown,
    @Optional() @Inject('VALIDATED_ENV_LOADER') readonly validated: unknown,
  ) {}
}

/**
 * The variables of an app: through `ConfigService` of `@nestjs/config` when the host imports `ConfigModule`, global or
 * not, else from the process.
 */
export async function hostEnvironment(modules: ModulesContainer): Promise<Environment> {
  let service: ConfigService | undefined;
  for (const module of modules.values()) {
    if (module.metatype !== ConfigModule) continue;
    const moduleRef = module.providers.get(ModuleRef)?.instance as ModuleRef | undefined;
    if (moduleRef === undefined) continue;
    service = (await moduleRef.create(LoadedConfig)).service;
  }
  return readEnvironment(service);
}
