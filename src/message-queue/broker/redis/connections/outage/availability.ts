/**
 * How long there may be no connection, while it is not known why, before Redis counts as away: twenty times 50 ms, not
 * a second by the clock, of which a blocked event loop could use up all.
 */
const LONGEST_GAP = { turns: 20, everyMs: 50 };

/**
 * Whether a connection is known to lead nowhere: it was lost, and an attempt to open it again has failed, or it has been
 * gone for a second. One that comes back at the first attempt was never away.
 */
export class Availability {
  /** Read for every add. */
  isAway = false;
  private isUp = false;
  private timer: NodeJS.Timeout | null = null;

  /** It is being opened, for the first time. */
  opened(): void {
    this.allowGap();
  }

  /** It takes commands. */
  ready(): void {
    this.isUp = true;
    this.settle(false);
  }

  /** It was lost, or could not be opened. */
  closed(): void {
    if (!this.isUp) this.settle(true);
    else if (this.timer === null) this.allowGap();
    this.isUp = false;
  }

  /** Nobody will ask any more. */
  end(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  private allowGap(): void {
    let turns = 0;
    this.timer = setInterval(() => {
      turns++;
      if (turns === LONGEST_GAP.turns) this.settle(true);
    }, LONGEST_GAP.everyMs).unref();
  }

  private settle(isAway: boolean): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.isAway = isAway;
  }
}
