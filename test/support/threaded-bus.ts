import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventBusSettings } from '../../src/buffered-events/configuration/event-bus-settings.js';
import type { IEventHandler } from '../../src/buffered-events/events/event-words.js';
import { MainBus } from '../../src/buffered-events/bus/main-bus.js';
import { busSettings } from './event-bus-stage.js';
import { InlineThread } from './inline-thread.js';

type Handle = IEventHandler['handle'];

/** A bus with threads that a test sees into; time is the machine's. */
export class ThreadedBus {
  readonly threads: InlineThread[] = [];
  readonly handlers: Record<string, Handle> = {};
  boots = true;
  readonly bus: MainBus;

  constructor(given: Partial<EventBusSettings> = {}) {
    this.bus = new MainBus({
      settings: busSettings({
        workerCount: 2,
        workerRestartDelay: 5,
        retryDelays: [1],
        gracefulShutdownTimeout: 5_000,
        ...given,
        threads: {
          module: 'inline.js',
          concurrency: 10,
          handlerTimeoutMs: 30_000,
          execArgv: [],
          ...given.threads,
        },
      }),
      bootModuleHere: async () => ({
        handlers: Object.entries(this.handlers).map(([type, handle]) => ({
          type,
          place: 'threads' as const,
          name: type,
          handle: (event: unknown, context: Parameters<Handle>[1]) => {
            this.inApp += 1;
            return handle(event, context);
          },
        })),
        close: async () => undefined,
      }),
      startThread: (start) => {
        const thread = new InlineThread(start, this.handlers, this.boots);
        this.threads.push(thread);
        return thread;
      },
    });
  }

  /** Runs in the app's thread. */
  inApp = 0;

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await nextTurn();
  }

  async empty(): Promise<void> {
    await this.until(() => this.bus.readings().size === 0);
  }
}
