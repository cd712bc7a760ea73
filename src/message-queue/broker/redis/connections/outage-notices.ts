import { MessageQueueError } from '../../../../kernel/errors.js';

/** During an outage, how long until the same error is reported again, milliseconds. */
const AGAIN_AFTER_MS = 30_000;

/** Who is told about an outage. */
export interface OutageListener {
  failed(message: string, cause: Error): void;
  recovered(message: string): void;
}

/**
 * Condenses many errors into few messages: while Redis is away, each of a process's connections fails twice a second.
 * Every error is reported when it is new, then every half minute; the recovery is reported once.
 */
export class OutageNotices {
  private readonly toldAt = new Map<string, number>();

  /** @param now a clock that never goes back, milliseconds; replaced in tests */
  constructor(
    private readonly listener: OutageListener,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A connection failed. */
  failed(error: Error): void {
    const now = this.now();
    if (now - (this.toldAt.get(error.message) ?? Number.NEGATIVE_INFINITY) < AGAIN_AFTER_MS) return;
    this.toldAt.set(error.message, now);
    this.listener.failed(wordsOf(error), error);
  }

  /** The connection for commands works again, after `awayMs` without it. */
  ready(awayMs: number): void {
    if (this.toldAt.size === 0) return;
    this.toldAt.clear();
    this.listener.recovered(`Redis answers again, after ${Math.round(awayMs / 1_000)} s.`);
  }
}

/** Our own errors already say what to do. */
function wordsOf(error: Error): string {
  if (error instanceof MessageQueueError) return error.message;
  return (
    `A connection to Redis failed: ${error.message.replace(/\.$/, '')}. It is retried until Redis answers; meanwhile adds are refused in time ` +
    'and jobs wait. Check that Redis runs and can be reached.'
  );
}
