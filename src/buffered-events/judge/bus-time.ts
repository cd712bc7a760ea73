/**
 * How long the bus keeps the thread of the app: the time in its own turns, from `enter` to `leave`: emits, bells, what threads report,
 * retries, and handlers that run there until their first `await`. What a handler does after it, and garbage collection, is not seen.
 */
export class BusTime {
  private depth = 0;
  private enteredAt = 0;
  private sumMs = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** A turn of the bus begins; one within another counts once. */
  enter(): void {
    if (this.depth++ === 0) this.enteredAt = this.now();
  }

  /** It ends: in `finally`, always. */
  leave(): void {
    if (--this.depth === 0) this.sumMs += this.now() - this.enteredAt;
  }

  /** Milliseconds since the start. */
  get totalMs(): number {
    return this.sumMs;
  }
}
