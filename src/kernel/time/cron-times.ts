import { Cron } from 'croner';
import { TimeZone } from './time-zone.js';

/** The fields before those of the date: seconds, minutes, hours. */
const TIME_FIELDS = 3;
/** A field that means every value, in a spelling that would count as a choice of days. */
const EVERY_VALUE = /(?<!\S)\*\/1(?!\S)/g;
const NAMED_TIMES = /^@(?!hourly)/;

/**
 * The times at which a cron expression comes due, by the clocks of a time zone. It has 5 fields, or 6 with seconds first, or is a name
 * such as `@daily`.
 *
 * When clocks change, as in Vixie cron: an expression that names its times (no `*` and no step in seconds, minutes and hours) runs at
 * each of them once a day. A time that comes twice counts the first time; one that is skipped runs at the first moment after the gap.
 * Other expressions go by the time that passes: they run in both of two equal hours, and not in one that is skipped. A day that a zone
 * leaves out has no runs.
 */
export class CronTimes {
  /** Its times on a calendar whose clocks never change. */
  private readonly calendar: Cron;
  private readonly zone: TimeZone;
  private readonly namesItsTimes: boolean;

  /**
   * @param timeZone of the IANA database; default: the process's
   * @throws Error saying what is wrong with the expression
   */
  constructor(expression: string, timeZone?: string) {
    const fields = expression.trim().split(/\s+/);
    const isName = expression.trim().startsWith('@');
    if (!isName && fields.length !== 5 && fields.length !== 6) {
      throw new Error(`it has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}`);
    }
    try {
      const pattern = expression.replace(EVERY_VALUE, '*');
      // Without the option, `5/15` (every 15 from 5 on) would be refused.
      this.calendar = new Cron(pattern, { mode: '5-or-6-parts', sloppyRanges: true, timezone: 'UTC' });
    } catch (error) {
      throw new Error((error as Error).message.replace(/^CronPattern: /, ''), { cause: error });
    }
    this.zone = TimeZone.of(timeZone);
    const times = fields.slice(0, fields.length - 6 + TIME_FIELDS);
    this.namesItsTimes = isName
      ? NAMED_TIMES.test(expression.trim())
      : times.every((field) => !/[*?/]/.test(field));
  }

  /**
   * The first time after a moment; both in milliseconds since the epoch.
   * @returns null when there is none
   */
  after(moment: number): number | null {
    const wall = this.zone.wallAt(moment);
    const next = this.firstFrom(wall, (moments, at) => {
      if (!this.namesItsTimes) return moments.find((each) => each > moment);
      const runAt = moments[0] ?? this.zone.endOfGap(at);
      return runAt !== null && runAt > moment ? runAt : undefined;
    });
    const again = this.namesItsTimes ? null : this.nextRepeated(moment, wall);
    return again !== null && (next === null || again < next) ? again : next;
  }

  /** The first of its times on the wall after one of them that yields a moment. */
  private firstFrom(
    wall: number,
    momentOf: (moments: readonly number[], wall: number) => number | undefined,
  ): number | null {
    for (let at = this.nextOnCalendar(wall); at !== null; at = this.nextOnCalendar(at)) {
      const moment = momentOf(this.zone.momentsOf(at), at);
      if (moment !== undefined) return moment;
    }
    return null;
  }

  /** The first of its times that clocks show again once they are set back. */
  private nextRepeated(moment: number, wall: number): number | null {
    const setBackAt = this.zone.nextSetBack(moment);
    if (setBackAt === null) return null;
    const from = this.zone.wallAt(setBackAt);
    if (from > wall) return null;
    const at = this.nextOnCalendar(from - 1);
    return at === null ? null : setBackAt + (at - from);
  }

  private nextOnCalendar(wall: number): number | null {
    return this.calendar.nextRun(new Date(wall))?.getTime() ?? null;
  }
}
