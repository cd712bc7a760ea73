import { Inject, Optional } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { ConfigModule, ConfigService } from '@nestjs/config';

/** Asking for these makes Nest finish the host's configuration first: files, validation, loaded objects. */
class LoadedConfig {
  constructor(
    @Inject(ConfigService) readonly service: ConfigService,
    @Optional() @Inject('CONFIGURATION_LOADER') readonly loaded: unknown,
    @Optional() @Inject('VALIDATED_ENV_LOADER') readonly validated: unknown,
  ) {}
}

/** Whether a module is that of `@nestjs/config`. */
export function isConfigModule(type: unknown): boolean {
  return type === ConfigModule;
}

/** The service of a `ConfigModule`, once it knows everything. */
export async function loadedConfigService(moduleRef: ModuleRef): Promise<ConfigService> {
  return (await moduleRef.create(LoadedConfig)).service;
}
