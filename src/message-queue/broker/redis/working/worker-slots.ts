/**
 * The slots of a worker. Each is free, asked for (a call in flight may fill it), busy (a job was taken, and its end is
 * not stored), or changing hands: busy, but the call that stores the end may return the next job for it.
 */
export class WorkerSlots {
  private asked = 0;
  private busy = 0;
  private changing = 0;

  constructor(private readonly concurrency: number) {}

  /** Whether no job is here and none is on its way. */
  get areIdle(): boolean {
    return this.busy === 0 && this.asked === 0;
  }

  /** How many are free. */
  get free(): number {
    return Math.max(0, this.concurrency - this.busy - this.asked);
  }

  /** Marks all free slots as asked for. @returns how many */
  ask(): number {
    return this.reserve(this.concurrency);
  }

  /** Lets busy slots change hands in a call that stores their ends, then takes. @returns how many jobs to take */
  askAgain(ending: number): number {
    this.changing += ending;
    return this.reserve(ending);
  }

  /** Call when the call that ends runs was answered, or failed for good. */
  changed(ended: number): void {
    this.changing -= ended;
  }

  /** A call that asked for jobs was answered, or failed for good. */
  fill(asked: number, came: number): void {
    this.asked -= asked;
    this.busy += came;
  }

  /** The end of a run is stored. */
  leave(): void {
    this.busy -= 1;
  }

  private reserve(wanted: number): number {
    const free = this.concurrency - this.busy + this.changing - this.asked;
    const slots = Math.max(0, Math.min(wanted, free));
    this.asked += slots;
    return slots;
  }
}
