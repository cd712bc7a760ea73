import { setImmediate as nextTurn } from 'node:timers/promises';
import { toMilliseconds } from '../../kernel/time/duration.js';
import type { Duration } from '../../kernel/time/duration.js';
import type { ManualClock } from '../../kernel/time/manual-clock.js';
import type { EventBus } from '../bus/event-bus.js';
import type { EventDeadLetter } from '../events/event-words.js';
import type { EmittedEvent, RecordedEvents } from './recorded-events.js';

/** Handlers that take longer, by the machine's clock, are stuck. */
const SETTLED_WITHIN_MS = 10_000;

/** What tests do with the bus of a `BufferedEventsTestingModule`: look, wait until all is handled, move the time. */
export class BufferedEventsTestKit {
  constructor(
    private readonly clock: ManualClock,
    private readonly bus: EventBus,
    private readonly recorded: RecordedEvents,
  ) {}

  /** Events that were emitted since the test began, by whomever, or since {@link forget}. @param type only those of one type */
  emitted(type?: string): readonly EmittedEvent[] {
    return this.recorded.all.filter((event) => type === undefined || event.type === type);
  }

  /** Forgets what was emitted so far. */
  forget(): void {
    this.recorded.clear();
  }

  /** Events that failed for good, newest last. */
  get deadLetters(): readonly EventDeadLetter[] {
    return this.bus.deadLetters();
  }

  /**
   * Resolves when every stored event was handled, or waits for its next attempt: the clock stands still, see {@link advance}.
   * @throws Error when handlers take longer than ten seconds
   */
  async settled(): Promise<void> {
    const since = performance.now();
    // Handlers may emit further events, and their results take a turn or two to be counted.
    for (let quiet = 0; quiet < 3;) {
      await nextTurn();
      const { size, waitingRetries, waitingEmits } = this.bus.readings();
      quiet = size === waitingRetries && waitingEmits === 0 ? quiet + 1 : 0;
      if (performance.now() - since > SETTLED_WITHIN_MS) {
        throw new Error(
          `${size - waitingRetries} events are still being handled after ${SETTLED_WITHIN_MS} ms.`,
        );
      }
    }
  }

  /**
   * Moves the clock, and lets everything that becomes due on the way happen: further attempts, waits that end.
   * @param duration milliseconds, or a text such as `4s`
   */
  async advance(duration: Duration): Promise<void> {
    const target = this.clock.now() + toMilliseconds(duration);
    await this.settled();
    for (let next = this.clock.nextTimerAt; next !== null && next <= target; next = this.clock.nextTimerAt) {
      await this.clock.advance(Math.max(0, next - this.clock.now()));
      await this.settled();
    }
    await this.clock.advance(target - this.clock.now());
    await this.settled();
  }
}
