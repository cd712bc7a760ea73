import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { callingPlace } from '../../kernel/host/calling-place.js';
import { ManualClock } from '../../kernel/time/manual-clock.js';
import type { BufferedEventConfig } from '../buffered-events.options.js';
import { EventBus } from '../bus/event-bus.js';
import { rootModule } from '../wiring/root.module.js';
import { BufferedEventsTestKit } from './buffered-events-test-kit.js';
import { RecordedEvents } from './recorded-events.js';

/** Options of {@link BufferedEventsTestingModule.register}: settings of the real module that matter to a test. */
export type BufferedEventsTestingOptions = Omit<BufferedEventConfig, 'enabled' | 'workerCount'> & {
  /** Where the clock starts. Default 2026-01-01T00:00:00Z. */
  readonly now?: Date | number;
};

/**
 * The module for tests: no worker threads, so that the handlers among the providers under test run in the test's own thread, through the
 * same buffer, lanes and attempts; and a clock that stands still until the {@link BufferedEventsTestKit} moves it. As in the app, every module
 * under test may inject the service. Works under Jest and Vitest.
 */
@Module({})
export class BufferedEventsTestingModule {
  /** Stands where the app has `BufferedEventsModule.forRoot`. */
  static register({ now, ...settings }: BufferedEventsTestingOptions = {}): DynamicModule {
    const clock = new ManualClock(now);
    const events = new RecordedEvents();
    const sync = { ...settings, workerCount: 0 };
    const around = (bus: EventBus): EventBus => events.around(bus);
    return {
      module: BufferedEventsTestingModule,
      imports: [rootModule({ sync, clock, around }, callingPlace(BufferedEventsTestingModule.register))],
      providers: [
        {
          provide: BufferedEventsTestKit,
          useFactory: (bus: EventBus) => new BufferedEventsTestKit(clock, bus, events),
          inject: [EventBus],
        },
      ],
      exports: [BufferedEventsTestKit],
    };
  }
}
