import type { ModuleMetadata, Provider } from '@nestjs/common';

/** What a registration says before its options are known, as both `forRoot` and `forRootAsync` give it. */
export interface RootSetup {
  readonly configKey?: string;
  readonly isGlobal: boolean;
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  readonly adapters: readonly Provider[];
  /** Provide the options under `getOptionsToken(configKey)`. */
  readonly optionsProviders: readonly Provider[];
}
