import { TimeZone } from '../../../kernel/time/time-zone.js';
import type { QuietHours } from '../../ports/notifications/notification-preferences.js';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

function minutesOf(time: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time);
  if (match === null) throw new RangeError(`"${time}" is not a time of the form HH:MM.`);
  return Number(match[1]) * 60 + Number(match[2]);
}

function localMinutes(nowMs: number, timeZone: string): number {
  if (timeZone === '') throw new RangeError('"" is not a time zone.');
  const minutes = Math.floor(TimeZone.of(timeZone).wallAt(nowMs) / MINUTE_MS);
  return ((minutes % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
}

/** Whole minutes since the quiet hours began, or null outside of them. */
function minutesIn(nowMs: number, { start, end, timeZone }: QuietHours): number | null {
  const first = minutesOf(start);
  const span = (minutesOf(end) - first + DAY_MINUTES) % DAY_MINUTES;
  const since = (localMinutes(nowMs, timeZone) - first + DAY_MINUTES) % DAY_MINUTES;
  return since < span ? since : null;
}

/**
 * How long quiet hours last from now on, in milliseconds; 0 outside of them. Correct across a change to or from summer time; an end
 * that the change skips comes later by as much as the clocks moved.
 * @throws RangeError for an unknown time zone or a time that is not HH:MM
 */
export function quietHoursLeftMs(nowMs: number, quiet: QuietHours): number {
  const since = minutesIn(nowMs, quiet);
  if (since === null) return 0;
  const end = minutesOf(quiet.end);
  const span = (end - minutesOf(quiet.start) + DAY_MINUTES) % DAY_MINUTES;
  const minuteStart = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const naive = minuteStart + (span - since) * MINUTE_MS;
  // When the clocks change in between, the naive moment shows another local time than `end`.
  const shift = (end - localMinutes(naive, quiet.timeZone) + DAY_MINUTES * 1.5) % DAY_MINUTES;
  const shifted = naive + (shift - DAY_MINUTES / 2) * MINUTE_MS;
  // An end that the change skips is on neither side of it: the shifted moment still lies in the quiet hours.
  const ends = [shifted, naive].find((at) => at > nowMs && minutesIn(at, quiet) === null);
  if (ends !== undefined) return ends - nowMs;
  // The change skips all of the time between one night's quiet hours and the next.
  return naive - nowMs + quietHoursLeftMs(naive, quiet);
}
