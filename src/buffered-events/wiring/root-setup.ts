import type { ModuleMetadata, Provider } from '@nestjs/common';
import { InvalidConfigurationError } from '../../kernel/errors.js';
import { SystemClock } from '../../kernel/time/clock.js';
import type { Clock } from '../../kernel/time/clock.js';
import { Issues } from '../../kernel/values/issues.js';
import { isRecord } from '../../kernel/values/kinds.js';
import type {
  BufferedEventsModuleAsyncOptions,
  BufferedEventsModuleOptions,
  BufferedEventsOptionsFactory,
} from '../buffered-events.options.js';
import type { EventBus } from '../bus/event-bus.js';
import { OPTION_KEYS, SETUP_KEYS } from '../configuration/resolve-event-bus-settings.js';
import { OPTIONS } from './tokens.js';

/** What `forRoot` or `forRootAsync` was called with. */
export type RegisteredOptions = (
  { readonly sync: BufferedEventsModuleOptions } | { readonly async: BufferedEventsModuleAsyncOptions }
) &
  Partial<InsideParts>;

/** What the bus is made of beside its settings; a test's own. */
export interface InsideParts {
  /** Default: the machine's. */
  readonly clock: Clock;
  /** Stands around the bus. Default: nothing. */
  readonly around: (bus: EventBus) => EventBus;
}

/** What a registration says before its options are known. */
export interface RootSetup extends InsideParts {
  readonly isGlobal: boolean;
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  /** Provide the options. */
  readonly optionsProviders: readonly Provider[];
}

/** @throws InvalidConfigurationError when no module can be put together from what was given */
export function setupOf(registered: RegisteredOptions): RootSetup {
  const { clock = new SystemClock(), around = (bus) => bus } = registered;
  const inside = { clock, around };
  if ('async' in registered) {
    const { isGlobal = true, imports = [] } = registered.async;
    return { ...inside, isGlobal, imports, optionsProviders: asyncOptions(registered.async) };
  }
  const { sync } = registered;
  // Anything but an object is refused along with all other mistakes.
  if (!isRecord(sync)) return { ...inside, isGlobal: true, imports: [], optionsProviders: [given(sync)] };
  const { isGlobal = true, ...options } = sync as BufferedEventsModuleOptions;
  return { ...inside, isGlobal, imports: [], optionsProviders: [given(options)] };
}

function given(options: unknown): Provider {
  return { provide: OPTIONS, useValue: options };
}

function asyncOptions(options: BufferedEventsModuleAsyncOptions): Provider[] {
  const { useFactory, useClass, useExisting, inject = [] } = options;
  const known = ['useFactory', 'useClass', 'useExisting', 'inject', 'imports', ...SETUP_KEYS];
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
  issues.throwIfAny(InvalidConfigurationError, 'The options of BufferedEventsModule.forRootAsync are wrong:');
  if (useFactory !== undefined) {
    const make = useFactory as (...dependencies: unknown[]) => unknown;
    return [{ provide: OPTIONS, useFactory: make, inject: [...inject] }];
  }
  const factory = useClass ?? useExisting;
  if (factory === undefined) return [];
  const made: Provider = {
    provide: OPTIONS,
    useFactory: (maker: BufferedEventsOptionsFactory) => maker.createBufferedEventsOptions(),
    inject: [factory],
  };
  return useClass === undefined ? [made] : [made, useClass];
}
