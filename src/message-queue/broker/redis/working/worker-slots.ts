/** What a call asks for. */
export interface SlotRequest {
  /** Jobs to take at most. */
  readonly count: number;
  /** How many of them, the first ones, begin at once; the others are taken ahead. */
  readonly starts: number;
}

/** Asks for nothing. */
export const NO_SLOTS: SlotRequest = { count: 0, starts: 0 };

/**
 * The slots of a worker, and its handlers. A slot is free, asked for (a call in flight may fill it), busy (a job was
 * taken, and its end is not stored), or changing hands: busy, but the call that stores the end may return the next job
 * for it. There are as many as handlers, and more for jobs taken ahead. A handler is free, running, or reserved for a
 * job that a call in flight may bring.
 */
export class WorkerSlots {
  private asked = 0;
  private busy = 0;
  private changing = 0;
  private running = 0;
  private reserved = 0;

  constructor(private readonly concurrency: number) {}

  /** Whether no job is here and none is on its way. */
  get areIdle(): boolean {
    return this.busy === 0 && this.asked === 0;
  }

  /** Whether a handler runs. */
  get anyRuns(): boolean {
    return this.running > 0;
  }

  /** How many are free, not counting those for jobs taken ahead. */
  get free(): number {
    return Math.max(0, this.concurrency - this.busy - this.asked);
  }

  /** How many handlers may begin a job. */
  get freeHandlers(): number {
    return this.concurrency - this.running - this.reserved;
  }

  /** Marks all free slots as asked for. */
  ask(): SlotRequest {
    const count = this.open(0);
    return this.reserve(count, count);
  }

  /**
   * Lets busy slots change hands in a call that stores their ends, then takes.
   * @param ahead jobs that may wait for a handler
   * @param most that the call may take
   */
  askAgain(ending: number, ahead: number, most: number): SlotRequest {
    this.changing += ending;
    const count = Math.min(most, this.open(ahead));
    // Jobs that stand before these may be on their way, to wait for a handler: none of these overtakes them.
    const starts = this.asked > this.reserved ? 0 : Math.min(count, Math.max(0, this.freeHandlers));
    return this.reserve(count, starts);
  }

  /** Call when the call that ends runs was answered, or failed for good. */
  changed(ended: number): void {
    this.changing -= ended;
  }

  /** A call that asked for jobs was answered, or failed for good. */
  fill({ count, starts }: SlotRequest, came: number): void {
    this.asked -= count;
    this.reserved -= starts;
    this.busy += came;
  }

  /** A handler begins. */
  begin(): void {
    this.running += 1;
  }

  /** A handler has settled. */
  settle(): void {
    this.running -= 1;
  }

  /** The end of a run is stored. */
  leave(): void {
    this.busy -= 1;
  }

  private open(ahead: number): number {
    return Math.max(0, this.concurrency + ahead - this.busy + this.changing - this.asked);
  }

  private reserve(count: number, starts: number): SlotRequest {
    this.asked += count;
    this.reserved += starts;
    return { count, starts };
  }
}
