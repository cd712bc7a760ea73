import type { Clock, ClockTimer } from '../../kernel/time/clock.js';

/** How often it is looked whether there is still something to wait for, milliseconds. */
const LOOK_MS = 250;

/**
 * Holds the process open while events are stored, as a request or a timer would: threads and timers of the bus alone hold it open for nothing
 * and nobody. Without a server, a process ends by itself once all events are handled.
 */
export class ProcessHold {
  private look: ClockTimer | null = null;

  constructor(
    private readonly clock: Clock,
    /** Whether events are stored. */
    private readonly isNeeded: () => boolean,
  ) {}

  /** An event was stored. Costs next to nothing while it holds. */
  begin(): void {
    this.look ??= this.clock.setTimer(
      () => {
        this.look = null;
        if (this.isNeeded()) this.begin();
      },
      LOOK_MS,
      { keepAlive: true },
    );
  }

  /** The bus has stopped. */
  end(): void {
    this.look?.cancel();
    this.look = null;
  }
}
