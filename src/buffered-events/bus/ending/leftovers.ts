import { errorCodesOf } from '../../../kernel/logging/error-text.js';
import { inOwnContext } from '../../../kernel/host/root-context.js';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import type { Clock } from '../../../kernel/time/clock.js';
import { quoted } from '../../../kernel/values/words.js';
import type { LeftoverEvent } from '../../events/event-words.js';

/** How long the shutdown waits for the host to take them, milliseconds. */
const LONGEST_MS = 5_000;
/** Types that are named in the log. */
const MOST_NAMED = 50;

/** Hands what nobody handled to the host, once; whatever the host's code does, the shutdown goes on. */
export class Leftovers {
  private readonly logger = new SafeLogger('BufferedEvents');

  constructor(
    private readonly onLeftover: ((events: readonly LeftoverEvent[]) => unknown) | null,
    private readonly clock: Clock,
  ) {}

  /** @returns when the host has taken them, has failed, or 5 s have passed; never rejects */
  async hand(events: readonly LeftoverEvent[]): Promise<void> {
    if (events.length === 0) return;
    const { onLeftover } = this;
    const fate = onLeftover === null ? 'they are lost (onLeftover could take them)' : 'onLeftover gets them';
    this.logger.warn(
      `The event bus shuts down with ${events.length} events not handled, ${fate}: ${countsOf(events)}.`,
    );
    if (onLeftover === null) return;
    const taken = this.ask(async () => {
      await inOwnContext(() => onLeftover(events));
    });
    await this.within(taken);
  }

  private async ask(code: () => Promise<void>): Promise<void> {
    try {
      await code();
    } catch (error) {
      this.logger.error(`onLeftover failed, so events may be lost: ${errorCodesOf(error)}.`);
    }
  }

  private within(taken: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(
        () => {
          this.logger.error(
            `onLeftover has not finished within ${LONGEST_MS / 1_000} s: the shutdown goes on without it.`,
          );
          resolve();
        },
        LONGEST_MS,
        { keepAlive: true },
      );
      void taken.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

function countsOf(events: readonly LeftoverEvent[]): string {
  const counts = new Map<string, number>();
  for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1);
  const named = [...counts].slice(0, MOST_NAMED).map(([type, count]) => `${quoted(type)} ${count}`);
  const more = counts.size - named.length;
  return named.join(', ') + (more > 0 ? `, and ${more} more types` : '');
}
