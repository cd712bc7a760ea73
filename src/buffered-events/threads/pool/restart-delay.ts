/** A thread that lived this long started well. */
const LIVED_WELL_MS = 10_000;
const LONGEST_MS = 30_000;
/** What doubles where the first restart follows at once. */
const SHORTEST_MS = 100;

/** How long a thread that died stays away: longer each time, while threads die soon after their start. */
export class RestartDelay {
  private earlyDeaths = 0;

  /** @param firstMs `workerRestartDelay` */
  constructor(private readonly firstMs: number) {}

  /** @param livedMs how long the thread lived, from its start @returns milliseconds to the next start */
  after(livedMs: number): number {
    this.earlyDeaths = livedMs < LIVED_WELL_MS ? this.earlyDeaths + 1 : 0;
    if (this.earlyDeaths <= 1) return this.firstMs;
    const doubled = Math.max(this.firstMs, SHORTEST_MS) * 2 ** Math.min(20, this.earlyDeaths - 1);
    return Math.max(this.firstMs, Math.min(doubled, LONGEST_MS));
  }
}
