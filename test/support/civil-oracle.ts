import { randomFrom } from './random-from.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A cron expression and what its fields mean; null: every value. */
export interface KnownCron {
  readonly text: string;
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number> | null;
  readonly days: ReadonlySet<number> | null;
  readonly weekdays: ReadonlySet<number> | null;
  /** Whether it names its times: none of their fields has a `*` or a step. */
  readonly namesItsTimes: boolean;
}

/** What clocks show, minute by minute, from `Intl.DateTimeFormat` alone. */
function clocksOf(zone: string): (moment: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    ...{ timeZone: zone, dateStyle: 'short', timeStyle: 'short' },
  });
  return (moment) => format.format(moment);
}

/** The moments between two moments at which clocks of a zone change: the first one with the new time. */
export function clockChanges(zone: string, from: number, until: number): number[] {
  const show = clocksOf(zone);
  const offset = (moment: number): number => Date.parse(`${show(moment).replace(' ', 'T')}Z`) - moment;
  const found: number[] = [];
  for (let day = from; day < until; day += DAY_MS) {
    if (offset(day) === offset(day + DAY_MS)) continue;
    let [low, high] = [day, day + DAY_MS];
    while (high - low > MINUTE_MS) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
      if (offset(middle) === offset(low)) low = middle;
      else high = middle;
    }
    found.push(high);
  }
  return found;
}

/** What clocks show at each minute of a window, by the moment. Its ends are at no change of clocks. */
type Clock = readonly (readonly [moment: number, wall: number])[];

function clockOf(zone: string, from: number, until: number): Clock {
  const show = clocksOf(zone);
  const clock: [number, number][] = [];
  for (let moment = from; moment <= until; moment += MINUTE_MS) {
    clock.push([moment, Date.parse(`${show(moment).replace(' ', 'T')}Z`)]);
  }
  return clock;
}

/** The runs of an expression, found by looking at the clock on the wall every minute. */
function runsByTheClock(cron: KnownCron, clock: Clock): number[] {
  const seen = new Set<number>();
  let before = Number.POSITIVE_INFINITY;
  const runs = clock.flatMap(([moment, wall], position) => {
    const isFirst = !seen.has(wall);
    seen.add(wall);
    const isDue = cron.namesItsTimes
      ? (isFirst && matches(cron, wall)) || skipped(before, wall).some((each) => matches(cron, each))
      : matches(cron, wall);
    before = wall;
    return isDue && position > 0 ? [moment] : [];
  });
  return runs;
}

/** The minutes between two looks at the clock; none when a whole day is left out, or the clock is set back. */
function skipped(before: number, now: number): number[] {
  const count = (now - before) / MINUTE_MS - 1;
  if (count <= 0 || now - before >= DAY_MS) return [];
  return Array.from({ length: count }, (_, i) => before + (i + 1) * MINUTE_MS);
}

function matches({ minutes, hours, days, weekdays }: KnownCron, wall: number): boolean {
  const date = new Date(wall);
  if (!minutes.has(date.getUTCMinutes()) || !(hours?.has(date.getUTCHours()) ?? true)) return false;
  const [onDay, onWeekday] = [days?.has(date.getUTCDate()), weekdays?.has(date.getUTCDay())];
  if (onDay === undefined || onWeekday === undefined) return onDay ?? onWeekday ?? true;
  return onDay || onWeekday;
}

/** Expressions of every sort, the same for the same seed. */
export function randomCrons(seed: number, count: number): KnownCron[] {
  const random = randomFrom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const some = (limit: number, first: number, most: number): Set<number> =>
    new Set(Array.from({ length: 1 + below(most) }, () => first + below(limit)));
  return Array.from({ length: count }, () => {
    const step = [5, 10, 15, 20, 30][below(5)] as number;
    const steps = new Set(Array.from({ length: 60 / step }, (_, i) => i * step));
    const isStepped = random() < 0.25;
    const minutes = isStepped ? steps : some(60, 0, 3);
    const hours = random() < 0.3 ? null : some(random() < 0.7 ? 4 : 24, 0, 3);
    const days = random() < 0.85 ? null : some(28, 1, 9);
    const weekdays = random() < 0.8 ? null : some(7, 0, 4);
    const text = [isStepped ? `*/${step}` : [...minutes], hours, days, null, weekdays]
      .map((field) => (field === null ? '*' : typeof field === 'string' ? field : [...field].join(',')))
      .join(' ');
    return { text, minutes, hours, days, weekdays, namesItsTimes: !isStepped && hours !== null };
  });
}

/** Compares an answer with the clock on the wall, two days around a change. @returns what differs, in words */
export function differencesAround(
  change: number,
  zone: string,
  crons: readonly KnownCron[],
  runsOf: (cron: string, zone: string, from: number, until: number) => number[],
): string[] {
  const [from, until] = [change - 2 * DAY_MS, change + 2 * DAY_MS];
  const clock = clockOf(zone, from, until);
  return crons.flatMap((cron) => {
    const expected = runsByTheClock(cron, clock);
    const found = runsOf(cron.text, zone, from, until);
    if (expected.join() === found.join()) return [];
    const at = (moments: readonly number[]): string =>
      moments.map((moment) => new Date(moment).toISOString()).join(' ');
    const [missing, extra] = [
      expected.filter((moment) => !found.includes(moment)),
      found.filter((moment) => !expected.includes(moment)),
    ];
    return [`${cron.text} in ${zone}: missing ${at(missing)}, extra ${at(extra)}`];
  });
}
