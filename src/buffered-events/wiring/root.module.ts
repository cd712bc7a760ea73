import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { DiscoveryService, ModulesContainer } from '@nestjs/core';
import { DuplicateRegistrationError } from '../../kernel/errors.js';
import { registrationsIn } from '../../kernel/host/module-registrations.js';
import { MONITORED_EVENTS } from '../../kernel/monitored/monitored-events.js';
import { hostEnvironment } from '../../kernel/settings/host-environment.js';
import { SameObject } from '../../kernel/values/same-options.js';
import { BufferedEventBusService } from '../buffered-event-bus.service.js';
import type { BufferedEventConfig } from '../buffered-events.options.js';
import { EventBus } from '../bus/event-bus.js';
import { resolveEventBusSettings } from '../configuration/resolve-event-bus-settings.js';
import { scanEventHandlers } from '../events/handler-scan.js';
import { appBus } from './app-bus.js';
import type { AppBus, BusOfModule } from './app-bus.js';
import { boundBus, boundService } from '../threads/boot/bus-services.js';
import { EventBusStartModule, EventBusRunModule } from './event-lifecycle.js';
import { setupOf } from './root-setup.js';
import type { InsideParts, RegisteredOptions } from './root-setup.js';
import { APP_BUS, EVENT_BUS_SERVICE, INSIDE, OPTIONS, REGISTRATION } from './tokens.js';

/** What a host may inject. Nest makes every module import a global one. */
@Module({})
class BufferedEventsRootModule {}

/** What the start and the stop need, wherever they and the host's modules are. */
@Module({})
class BufferedEventsCoreModule {}

/** What a host imports: says how the module was registered, and by its importers where. Never global, to know them. */
@Module({})
class BufferedEventsRegistrationModule {}

/** Where the module was registered. */
interface Registration {
  readonly place: string;
}

const MODULES = new SameObject((options: RegisteredOptions, place: string): DynamicModule => {
  const { isGlobal, imports, optionsProviders, clock, around } = setupOf(options);
  const core: DynamicModule = {
    module: BufferedEventsCoreModule,
    global: true,
    imports,
    providers: [...optionsProviders, { provide: INSIDE, useValue: { clock, around } }, ...PROVIDERS],
    exports: [APP_BUS, EventBus, EVENT_BUS_SERVICE],
  };
  const service: Provider = { provide: BufferedEventBusService, useExisting: EVENT_BUS_SERVICE };
  const root: DynamicModule = {
    module: BufferedEventsRootModule,
    global: isGlobal,
    imports: [core, EventBusStartModule, EventBusRunModule],
    providers: [service],
    exports: [BufferedEventBusService],
  };
  const registration: Registration = { place };
  return {
    module: BufferedEventsRegistrationModule,
    imports: [root],
    providers: [{ provide: REGISTRATION, useValue: registration }],
    exports: [root],
  };
});

/**
 * The module of a registration; the same object for the same options. `place` is where it was asked for first.
 * @public loaded with require
 */
export function rootModule(registered: RegisteredOptions, place: string): DynamicModule {
  return MODULES.of(registered, place);
}

const PROVIDERS: readonly Provider[] = [
  {
    provide: APP_BUS,
    useFactory: async (
      options: BufferedEventConfig,
      { clock, around }: InsideParts,
      modules: ModulesContainer,
    ): Promise<BusOfModule> => {
      const bound = boundBus();
      // Whoever boots handlers for a bus has configured it.
      if (bound !== undefined) {
        return { bus: bound, service: boundService(bound), monitored: null, appIsReady: () => undefined };
      }
      refuseTwoRegistrations(modules);
      const settings = resolveEventBusSettings(options, await hostEnvironment(modules));
      let appIsReady = (): void => undefined;
      const appReady = new Promise<void>((resolve) => (appIsReady = resolve));
      const made = appBus({
        ...{ settings, clock, around, appReady },
        hasModule: (type) => [...modules.values()].some(({ metatype }) => metatype === type),
        hasThreadHandlers: () =>
          scanEventHandlers(new DiscoveryService(modules)).some(({ place }) => place === 'threads'),
      });
      return { ...made, appIsReady };
    },
    inject: [OPTIONS, INSIDE, ModulesContainer],
  },
  { provide: EventBus, useFactory: ({ bus }: AppBus) => bus, inject: [APP_BUS] },
  { provide: EVENT_BUS_SERVICE, useFactory: ({ service }: AppBus) => service, inject: [APP_BUS] },
  { provide: MONITORED_EVENTS, useFactory: ({ monitored }: AppBus) => monitored, inject: [APP_BUS] },
];

/** @throws DuplicateRegistrationError naming both places */
function refuseTwoRegistrations(modules: ModulesContainer): void {
  const found = registrationsIn<Registration>(modules.values(), REGISTRATION, ({ place }) => place);
  if (found.length < 2) return;
  throw new DuplicateRegistrationError([
    'BufferedEventsModule is registered twice with different options:',
    ...found.map(({ place }) => `  - ${place}`),
    'Register it once, in the root module: its service can be injected everywhere.',
  ]);
}
