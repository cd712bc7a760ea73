import { Inject, Optional } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { ConfigModule, ConfigService } from '@nestjs/config';

/**
 * The configuration of a host that uses `@nestjs/config`. Asking for its parts makes Nest finish it first: files,
 * validation, loaded objects.
 * @public loaded with require
 */
export class LoadedConfig {
  constructor(
    @Inject(ConfigService) readonly service: ConfigService,
    @Optional() @Inject('CONFIGURATION_LOADER') readonly loaded: unknown,
    @Optional() @Inject('VALIDATED_ENV_LOADER') readonly validated: unknown,
  ) {}

  /** That of a module; undefined unless the module is a `ConfigModule`. */
  static async of(type: unknown, moduleRef: ModuleRef): Promise<LoadedConfig | undefined> {
    return type === ConfigModule ? moduleRef.create(LoadedConfig) : undefined;
  }
}
