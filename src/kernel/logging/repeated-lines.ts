import type { Clock, ClockTimer } from '../time/clock.js';

/** What was left out of the log since a line of its kind was last written. */
export interface LeftOut {
  readonly count: number;
  /** Over how long, whole seconds. */
  readonly seconds: number;
}

/** One line, and what is written when more of its kind were left out. */
export interface RepeatedLine {
  /** Lines of one kind stand for each other. */
  readonly kind: string;
  /** Writes it in full. */
  readonly write: () => void;
  /** Writes how many of its kind were left out; called for the newest of them. */
  readonly sum: (leftOut: LeftOut) => void;
}

interface Kind {
  newest: RepeatedLine;
  count: number;
  since: number;
}

/** Kinds told apart at a time. What is of a further one counts as one kind with the others of them. */
const MOST_KINDS = 200;
const OTHERS = '\0';

/**
 * Keeps a log readable when the same thing happens a thousand times a second: the first line of a kind is written in full,
 * and from then on one line per interval that says how many there were. A kind of which none came for an interval starts anew.
 */
export class RepeatedLines {
  private readonly kinds = new Map<string, Kind>();
  private timer: ClockTimer | null = null;

  private readonly clock: Clock;

  constructor(
    clock: Clock,
    /** Milliseconds; 0: every line is written. */
    private readonly everyMs: number,
  ) {
    this.clock = clock.steady();
  }

  /** Writes the line, or counts it. */
  add(line: RepeatedLine): void {
    if (this.everyMs === 0) {
      line.write();
      return;
    }
    const name = this.kinds.has(line.kind) || this.kinds.size < MOST_KINDS ? line.kind : OTHERS;
    const known = this.kinds.get(name);
    if (known === undefined) {
      this.kinds.set(name, { newest: line, count: 0, since: this.clock.now() });
      this.timer ??= this.clock.setTimer(() => this.look(), this.everyMs);
      line.write();
      return;
    }
    known.newest = line;
    known.count += 1;
  }

  /** Writes at once what was left out until now: nothing more will come. */
  flush(): void {
    this.timer?.cancel();
    this.timer = null;
    const now = this.clock.now();
    for (const kind of this.kinds.values()) sumUp(kind, now);
    this.kinds.clear();
  }

  private look(): void {
    const now = this.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [name, kind] of this.kinds) {
      if (now - kind.since >= this.everyMs) {
        if (kind.count === 0) this.kinds.delete(name);
        else sumUp(kind, now);
      }
      next = Math.min(next, kind.since + this.everyMs);
    }
    this.timer =
      this.kinds.size === 0 ? null : this.clock.setTimer(() => this.look(), Math.max(1, next - now));
  }
}

function sumUp(kind: Kind, now: number): void {
  const { count, since, newest } = kind;
  kind.count = 0;
  kind.since = now;
  if (count > 0) newest.sum({ count, seconds: Math.max(1, Math.round((now - since) / 1_000)) });
}
