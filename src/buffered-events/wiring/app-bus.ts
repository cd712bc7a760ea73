import type { Clock } from '../../kernel/time/clock.js';
import { BufferedEventBusService } from '../buffered-event-bus.service.js';
import { DirectBus } from '../bus/direct-bus.js';
import type { EventBus } from '../bus/event-bus.js';
import { MainBus } from '../bus/main-bus.js';
import type { EventBusSettings } from '../configuration/event-bus-settings.js';
import { BusJudge } from '../judge/bus-judge.js';
import { MonitoredBus } from '../judge/monitored-bus.js';
import { bootHandlers } from '../threads/boot/boot-handlers.js';
import type { BootedHandlers } from '../threads/boot/boot-handlers.js';
import { loadThreadModule } from '../threads/boot/load-thread-module.js';
import { ModuleNotBuiltError } from '../threads/boot/module-place.js';
import { rememberService } from '../threads/boot/bus-services.js';

/** The bus of an app with what belongs to it; or that of another, for which its handlers are booted. */
export interface AppBus {
  readonly bus: EventBus;
  readonly service: BufferedEventBusService;
  /** Null for that of another. */
  readonly monitored: MonitoredBus | null;
}

/** The bus of a module. */
export interface BusOfModule extends AppBus {
  /** What handlers need in the app is there. */
  appIsReady(): void;
}

/** What a bus of an app is made of. */
export interface AppBusParts {
  readonly settings: EventBusSettings;
  readonly clock: Clock;
  /** Whether the app has the module of the threads itself: its handlers are registered then. */
  readonly hasModule: (type: unknown) => boolean;
  /** Whether the app has handlers itself that are meant for threads. */
  readonly hasThreadHandlers: () => boolean;
  /** Stands around the bus; left out: nothing does. */
  readonly around?: (bus: EventBus) => EventBus;
  /** As `CoreParts` says. */
  readonly appReady?: Promise<void>;
}

/** The bus that the settings ask for, not started. */
export function appBus(given: AppBusParts): AppBus {
  const { settings, clock, appReady, around = (inner) => inner } = given;
  const { module } = settings.threads;
  const bootModuleHere = module === null ? null : async () => bootHere(module, bus, given);
  const parts = { settings, clock, bootModuleHere };
  const bus = around(settings.enabled ? new MainBus({ ...parts, appReady }) : new DirectBus(parts));
  const judge = new BusJudge({ readings: () => bus.readings(), settings, clock });
  const service = new BufferedEventBusService(bus, judge);
  rememberService(bus, service);
  return { bus, service, monitored: new MonitoredBus(bus, judge) };
}

/** The module's handlers in this thread, unless the app has them anyway. */
async function bootHere(module: string, bus: EventBus, app: AppBusParts): Promise<BootedHandlers> {
  try {
    const type = await loadThreadModule(module);
    return app.hasModule(type) ? NOTHING_BOOTED : await bootHandlers(type, bus);
  } catch (error) {
    // Sources run, as in tests: there is no built file, and the app has imported the module.
    if (error instanceof ModuleNotBuiltError && app.hasThreadHandlers()) return NOTHING_BOOTED;
    throw error;
  }
}

const NOTHING_BOOTED: BootedHandlers = { handlers: [], close: () => Promise.resolve() };
