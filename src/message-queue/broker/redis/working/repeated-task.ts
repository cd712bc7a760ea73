/** Runs something again and again, never twice at the same time, until it is stopped. */
export class RepeatedTask {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  /**
   * @param everyMs from the end of one run to the start of the next
   * @param task its errors go to `onError`, and it goes on
   */
  constructor(
    private readonly everyMs: number,
    private readonly task: () => Promise<void>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Starts with a run at once (`immediately`) or after `everyMs`. */
  start(immediately: boolean): this {
    if (immediately) this.run();
    else this.plan();
    return this;
  }

  /** No run starts any more; resolves when the last one has ended. */
  stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    return this.running;
  }

  private plan(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => this.run(), this.everyMs);
  }

  private run(): void {
    this.running = this.task()
      .catch((error: unknown) => {
        if (!this.stopped) this.onError(error);
      })
      .finally(() => this.plan());
  }
}
