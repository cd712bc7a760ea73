const HOUR_MS = 3_600_000;
/** How far the clocks of the world are from UTC, and a little more. */
const LARGEST_OFFSET_MS = 15 * HOUR_MS;
/** Clocks that jump so far leave out a day. */
const DAY_MS = 24 * HOUR_MS;

const known = new Map<string, TimeZone>();

/**
 * The civil time of a zone. A moment is milliseconds since the epoch; a wall time is what clocks in the zone show, written as the
 * moment at which they would show it in UTC. Between two changes of a zone's clocks lie more than 28 hours.
 */
export class TimeZone {
  /** The same object for the same name. @param name of the IANA database; default: the process's */
  static of(name = ''): TimeZone {
    const zone = known.get(name) ?? new TimeZone(name);
    known.set(name, zone);
    return zone;
  }

  private readonly format: Intl.DateTimeFormat;

  private constructor(name: string) {
    this.format = new Intl.DateTimeFormat('en-US', {
      ...(name !== '' && { timeZone: name }),
      ...{ calendar: 'iso8601', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  }

  /** What its clocks show. */
  wallAt(moment: number): number {
    return moment + this.offsetAt(moment);
  }

  /** How far its clocks are before UTC's, milliseconds. */
  offsetAt(moment: number): number {
    const second = Math.floor(moment / 1_000) * 1_000;
    const shown: Record<string, number> = {};
    for (const { type, value } of this.format.formatToParts(second)) shown[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second: seconds = 0 } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, seconds) - second;
  }

  /** When its clocks show a wall time: never, once, or twice; the earlier moment first. */
  momentsOf(wall: number): number[] {
    const offsets = new Set([
      this.offsetAt(wall - LARGEST_OFFSET_MS),
      this.offsetAt(wall + LARGEST_OFFSET_MS),
    ]);
    return [...offsets]
      .map((offset) => wall - offset)
      .filter((moment) => this.wallAt(moment) === wall)
      .sort((a, b) => a - b);
  }

  /** The first moment after the gap that a wall time falls into; null when its whole day is left out. */
  endOfGap(wall: number): number | null {
    const [from, until] = [wall - LARGEST_OFFSET_MS, wall + LARGEST_OFFSET_MS];
    const isDayLong = this.offsetAt(until) - this.offsetAt(from) >= DAY_MS;
    return isDayLong ? null : this.changeBetween(from, until);
  }

  /** When its clocks are next set back, within a day: the first moment with the new time; null when they are not. */
  nextSetBack(moment: number): number | null {
    const until = moment + DAY_MS + HOUR_MS;
    return this.offsetAt(until) < this.offsetAt(moment) ? this.changeBetween(moment, until) : null;
  }

  private changeBetween(from: number, until: number): number {
    const before = this.offsetAt(from);
    let [low, high] = [Math.floor(from / 1_000), Math.ceil(until / 1_000)];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.offsetAt(middle * 1_000) === before) low = middle;
      else high = middle;
    }
    return high * 1_000;
  }
}
