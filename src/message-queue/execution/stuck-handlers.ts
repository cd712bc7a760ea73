import type { Clock } from '../../kernel/time/clock.js';
import type { MessageQueueError } from '../../kernel/errors.js';
import type { JobRunEventPlace } from '../jobs/events/job-events.js';

/** A handler that keeps running although its signal aborted. */
export interface StuckHandler extends JobRunEventPlace {
  /** `MessageDeliveryProcessor.processSendMessage`. */
  readonly handler: string;
  /** When its signal aborted, milliseconds since the epoch. */
  readonly abortedAt: number;
  /** Why it should have stopped. */
  readonly reason: MessageQueueError;
}

/** Tracks handlers that ignore their signal: each counts from a grace period after the abort until it settles. */
export class StuckHandlers {
  private readonly stuck = new Set<StuckHandler>();
  private count = 0;

  constructor(
    private readonly clock: Clock,
    private readonly graceMs: number,
  ) {}

  /** Handlers that are stuck now; while there are any, this worker is unhealthy. */
  get current(): readonly StuckHandler[] {
    return [...this.stuck];
  }

  /** How many there have been since the start. */
  get total(): number {
    return this.count;
  }

  /**
   * Watches a handler whose signal has just aborted.
   * @param onStuck called when the grace period is over
   * @returns a function to call when the handler has settled
   */
  watch(
    place: JobRunEventPlace,
    handler: string,
    reason: MessageQueueError,
    onStuck: (stuck: StuckHandler) => void,
  ): () => void {
    const entry: StuckHandler = { ...place, handler, abortedAt: this.clock.now(), reason };
    const timer = this.clock.setTimer(() => {
      this.stuck.add(entry);
      this.count++;
      onStuck(entry);
    }, this.graceMs);
    return () => {
      timer.cancel();
      this.stuck.delete(entry);
    };
  }
}
