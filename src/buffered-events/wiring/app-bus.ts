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
import { rememberService } from '../threads/boot/bus-services.js';

/** The bus of an app with what belongs to it; or that of another, for which its handlers are booted. */
export interface AppBus {
  readonly bus: EventBus;
  readonly service: BufferedEventBusService;
  /** Null for that of another. */
  readonly monitored: MonitoredBus | null;
}

/** What a bus of an app is made of. */
export interface AppBusParts {
  readonly settings: EventBusSettings;
  readonly clock: Clock;
  /** Whether the app has the module of the threads itself: its handlers are registered then. */
  readonly hasModule: (type: unknown) => boolean;
  /** Stands around the bus; left out: nothing does. */
  readonly around?: (bus: EventBus) => EventBus;
}

/** The bus that the settings ask for, not started. */
export function appBus({ settings, clock, hasModule, around = (bus) => bus }: AppBusParts): AppBus {
  const { module } = settings.threads;
  const bootModuleHere =
    module === null
      ? null
      : async (): Promise<BootedHandlers> => {
          const type = await loadThreadModule(module);
          return hasModule(type) ? NOTHING_BOOTED : bootHandlers(type, bus);
        };
  const parts = { settings, clock, bootModuleHere };
  const bus = around(settings.enabled ? new MainBus(parts) : new DirectBus(parts));
  const judge = new BusJudge({ readings: () => bus.readings(), settings, clock });
  const service = new BufferedEventBusService(bus, judge);
  rememberService(bus, service);
  return { bus, service, monitored: new MonitoredBus(bus, judge) };
}

const NOTHING_BOOTED: BootedHandlers = { handlers: [], close: () => Promise.resolve() };
