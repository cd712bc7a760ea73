/**
 * How long the bus keeps the thread of the app: the time in its own turns, from `enter` to `leave`: emits, bells, what threads report,
 * retries, and handlers that run there until their first `await`. What a handler does after it, and garbage collection, is not seen.
 */
export class BusTime {
  private depth = 0;
  private beganAt = 0;
  private sumMs = 0;
  private last = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** A turn of the bus begins; one within another counts once. */
  enter(): void {
    this.last = this.now();
    if (this.depth++ === 0) this.beganAt = this.last;
  }

  /** It ends: in `finally`, always. */
  leave(): void {
    if (--this.depth === 0) this.sumMs += this.now() - this.beganAt;
  }

  /** When a turn was last entered, one within another too: for whoever would have to look at the clock once more. */
  get enteredAt(): number {
    return this.last;
  }

  /** Milliseconds since the start. */
  get totalMs(): number {
    return this.sumMs;
  }
}
