/** Parts of a second that are counted apart. */
const PARTS = 100;
const PART_MS = 1_000 / PARTS;

/**
 * Counts what came within the last second, and says when there is room for more: at no time more than `limit` within any
 * second. The second is counted in hundredths, so that the memory does not grow with the limit.
 */
export class InputRate {
  /** The hundredth under way, and the hundred before it. */
  private readonly counts = new Int32Array(PARTS + 1);
  private newest = 0;
  private sum = 0;

  /** @param limit per second */
  constructor(private readonly limit: number) {}

  /** @param now milliseconds, of a clock that goes on evenly @returns whether one more may come; it is counted then */
  take(now: number): boolean {
    this.turnTo(now);
    if (this.sum >= this.limit) return false;
    this.sum += 1;
    const at = this.newest % this.counts.length;
    this.counts[at] = (this.counts[at] as number) + 1;
    return true;
  }

  /** The one that was taken last came to nothing: it found no room. */
  giveBack(): void {
    const at = this.newest % this.counts.length;
    if (this.counts[at] === 0) return;
    this.counts[at] = (this.counts[at] as number) - 1;
    this.sum -= 1;
  }

  /** Milliseconds until one more may come. */
  waitMs(now: number): number {
    this.turnTo(now);
    if (this.sum < this.limit) return 0;
    const { length } = this.counts;
    for (let part = this.newest - PARTS; part < this.newest; part += 1) {
      if (part >= 0 && this.counts[part % length] !== 0) return (part + length) * PART_MS - now;
    }
    return (this.newest + length) * PART_MS - now;
  }

  private turnTo(now: number): void {
    const part = Math.floor(now / PART_MS);
    const { length } = this.counts;
    if (part - this.newest >= length) {
      this.counts.fill(0);
      this.sum = 0;
      this.newest = part;
    }
    // A clock that is set back by hand counts in the part that it was in.
    while (this.newest < part) {
      this.newest += 1;
      const at = this.newest % length;
      this.sum -= this.counts[at] as number;
      this.counts[at] = 0;
    }
  }
}
