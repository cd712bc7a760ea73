import type { BufferedEventBusService } from 'nestjs-message-queue/buffered-events';

/** What the seed's snippets call `bufferedEventBus`, and, before the migration, `eventBus`: set by the stage before it loads them. */
interface Running {
  readonly bufferedEventBus: BufferedEventBusService;
  readonly eventBus: BufferedEventBusService;
}

const KEY = Symbol.for('seed-snippets.running');

/** Lets the snippets that are loaded from now on use these. */
export function run(running: Running): void {
  Reflect.set(globalThis, KEY, running);
}

// Read when it is used: each snippet is loaded when the stage is ready for it.
const running = (): Running => Reflect.get(globalThis, KEY) as Running;

function now(name: keyof Running): BufferedEventBusService {
  return new Proxy({} as BufferedEventBusService, {
    get(_, property) {
      const bus = running()[name];
      const value: unknown = Reflect.get(bus, property);
      return typeof value === 'function' ? (value.bind(bus) as unknown) : value;
    },
  });
}

export const bufferedEventBus = now('bufferedEventBus');
export const eventBus = now('eventBus');
