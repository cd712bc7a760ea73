import type { Clock } from '../../kernel/time/clock.js';
import type { MessageQueueError } from '../../kernel/errors.js';
import type { LogPlace } from '../jobs/job-logger.js';

/** A handler that goes on although its signal aborted. */
export interface StuckHandler extends LogPlace {
  /** `MessageDeliveryProcessor.processSendMessage`. */
  readonly handler: string;
  /** When its signal aborted, milliseconds since the epoch. */
  readonly abortedAt: number;
  /** Why it should have stopped. */
  readonly reason: MessageQueueError;
}

/** Knows the handlers that ignore their signal: each counts from a grace period after the abort until it settles. */
export class StuckHandlers {
  private readonly stuck = new Set<StuckHandler>();
  private count = 0;

  constructor(
    private readonly clock: Clock,
    private readonly graceMs: number,
    private readonly onStuck: (stuck: StuckHandler) => void,
  ) {}

  /** Those that are stuck now; while there are any, this worker is not healthy. */
  get current(): readonly StuckHandler[] {
    return [...this.stuck];
  }

  /** How many there have been since the start. */
  get total(): number {
    return this.count;
  }

  /** Watches a handler whose signal has just aborted. @returns to be called when it has settled */
  watch(place: LogPlace, handler: string, reason: MessageQueueError): () => void {
    let entry: StuckHandler | undefined;
    const { queue, jobName, jobId, attempt, maxAttempts, correlationId } = place;
    const abortedAt = this.clock.now();
    const timer = this.clock.setTimer(() => {
      entry = { queue, jobName, jobId, attempt, maxAttempts, correlationId, handler, abortedAt, reason };
      this.stuck.add(entry);
      this.count++;
      this.onStuck(entry);
    }, this.graceMs);
    return () => {
      timer.cancel();
      if (entry !== undefined) this.stuck.delete(entry);
    };
  }
}
