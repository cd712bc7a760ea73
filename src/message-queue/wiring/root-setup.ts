import type { ModuleMetadata, Provider } from '@nestjs/common';
import { InvalidConfigurationError } from '../../kernel/errors.js';
import { Issues } from '../../kernel/values/issues.js';
import { OPTION_KEYS, SETUP_KEYS } from '../configuration/resolve-configuration.js';
import type {
  MessageQueueModuleAsyncOptions,
  MessageQueueModuleOptions,
  MessageQueueOptionsFactory,
} from '../message-queue.options.js';
import { getOptionsToken } from './tokens.js';

/** What `forRoot` or `forRootAsync` was called with. */
export type RegisteredOptions =
  { readonly sync: MessageQueueModuleOptions } | { readonly async: MessageQueueModuleAsyncOptions };

/** What a registration says before its options are known, as both `forRoot` and `forRootAsync` give it. */
export interface RootSetup {
  readonly configKey?: string;
  readonly isGlobal: boolean;
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  readonly adapters: readonly Provider[];
  /** Provide the options under `getOptionsToken(configKey)`. */
  readonly optionsProviders: readonly Provider[];
}

/** @throws InvalidConfigurationError when no module can be put together from what was given */
export function setupOf(registered: RegisteredOptions): RootSetup {
  const {
    isGlobal = true,
    configKey,
    imports = [],
    adapters = [],
    ...rest
  } = 'sync' in registered ? registered.sync : registered.async;
  if (configKey !== undefined && adapters.length > 0) {
    throw new InvalidConfigurationError(`The registration "${configKey}" of MessageQueueModule is wrong:`, [
      {
        path: 'adapters',
        message: 'belong to the registration of the app, the one without configKey',
      },
    ]);
  }
  return {
    configKey,
    isGlobal,
    imports,
    adapters,
    optionsProviders:
      'async' in registered
        ? asyncOptions(rest as MessageQueueModuleAsyncOptions, configKey)
        : [syncOptions(rest, configKey)],
  };
}

function syncOptions(options: object, configKey: string | undefined): Provider {
  return { provide: getOptionsToken(configKey), useValue: options };
}

function asyncOptions(options: MessageQueueModuleAsyncOptions, configKey: string | undefined): Provider[] {
  const provide = getOptionsToken(configKey);
  const { useFactory, useClass, useExisting, inject = [] } = options;
  const known = ['useFactory', 'useClass', 'useExisting', 'inject', ...SETUP_KEYS];
  const issues = new Issues();
  const misplaced = Object.keys(options).filter((key) => OPTION_KEYS.includes(key));
  for (const key of misplaced) issues.add(key, 'belongs in what the factory returns, not beside it');
  issues.knownKeys('', options, [...known, ...misplaced]);
  const ways = [useFactory, useClass, useExisting].filter((way) => way !== undefined).length;
  issues.unless(
    ways === 1,
    'useFactory, useClass, useExisting',
    `${ways} of them are given; give exactly one`,
  );
  issues.throwIfAny(InvalidConfigurationError, 'The options of MessageQueueModule.forRootAsync are wrong:');
  if (useFactory !== undefined) {
    return [{ provide, useFactory: useFactory as (...args: unknown[]) => unknown, inject: [...inject] }];
  }
  const factory = useClass ?? useExisting;
  if (factory === undefined) return [];
  const made: Provider = {
    provide,
    useFactory: (maker: MessageQueueOptionsFactory) => maker.createMessageQueueOptions(),
    inject: [factory],
  };
  return useClass === undefined ? [made] : [made, useClass];
}
