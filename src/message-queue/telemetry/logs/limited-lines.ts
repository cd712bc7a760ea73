import type { Clock, ClockTimer } from '../../../kernel/time/clock.js';

/** Writes a line; how many like it were left out since the one before. */
export type WriteLine = (repeated: number) => void;

const WINDOW_MS = 1_000;
const MOST_IN_A_WINDOW = 10;
/** Kinds told apart at a time; further ones count as one kind. */
const MOST_KINDS = 500;
const OTHERS = '\0';

interface Kind {
  written: number;
  leftOut: number;
  newest: WriteLine;
}

/** Keeps lines of one kind few: ten a second, and from then on one a second that says how many more there were. */
export class LimitedLines {
  private readonly kinds = new Map<string, Kind>();
  private readonly clock: Clock;
  private timer: ClockTimer | null = null;

  constructor(clock: Clock) {
    this.clock = clock.steady();
  }

  /** Writes the line, or counts it. */
  add(kind: string, write: WriteLine): void {
    const name = this.kinds.has(kind) || this.kinds.size < MOST_KINDS ? kind : OTHERS;
    const known = this.kinds.get(name);
    if (known === undefined) {
      this.kinds.set(name, { written: 1, leftOut: 0, newest: write });
      this.timer ??= this.clock.setTimer(() => this.nextWindow(), WINDOW_MS);
      write(0);
    } else if (known.written < MOST_IN_A_WINDOW) {
      known.written += 1;
      write(0);
    } else {
      known.leftOut += 1;
      known.newest = write;
    }
  }

  /** Writes at once what was left out until now: nothing more will come. */
  flush(): void {
    this.timer?.cancel();
    this.timer = null;
    for (const { leftOut, newest } of this.kinds.values()) if (leftOut > 0) newest(leftOut);
    this.kinds.clear();
  }

  private nextWindow(): void {
    for (const [name, kind] of this.kinds) {
      if (kind.leftOut === 0) this.kinds.delete(name);
      else {
        kind.newest(kind.leftOut);
        // Still busy: one line at the end of each second, until there is nothing to be left out.
        kind.leftOut = 0;
        kind.written = MOST_IN_A_WINDOW;
      }
    }
    this.timer = this.kinds.size === 0 ? null : this.clock.setTimer(() => this.nextWindow(), WINDOW_MS);
  }
}
