import { busOfHandlers } from '../../../kernel/host/handlers-host.js';
import { BufferedEventBusService } from '../../buffered-event-bus.service.js';
import type { EventBus } from '../../bus/event-bus.js';

/** The service of each bus of an app: what is booted for it injects the same. */
const SERVICES = new WeakMap<EventBus, BufferedEventBusService>();

/** Says which service a bus of an app has. */
export function rememberService(bus: EventBus, service: BufferedEventBusService): void {
  SERVICES.set(bus, service);
}

/** The bus for which handlers are booted here, in a worker thread or beside the app; undefined in an app. */
export function boundBus(): EventBus | undefined {
  return busOfHandlers() as EventBus | undefined;
}

/** The service of a bus for which handlers are booted. A worker thread's has nothing to judge. */
export function boundService(bus: EventBus): BufferedEventBusService {
  return SERVICES.get(bus) ?? new BufferedEventBusService(bus, null);
}
