import type { QuietHours } from '../../ports/notification-preferences.js';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

function minutesOf(time: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time);
  if (match === null) throw new RangeError(`"${time}" is not a time of the form HH:MM.`);
  return Number(match[1]) * 60 + Number(match[2]);
}

function localMinutes(nowMs: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return minutesOf(format.format(nowMs));
}

/**
 * How long quiet hours last from now on, in milliseconds; 0 outside of them. Right over a change to or from summer time.
 * @throws RangeError for an unknown time zone or a time that is not HH:MM
 */
export function quietHoursLeftMs(nowMs: number, quiet: QuietHours): number {
  const start = minutesOf(quiet.start);
  const end = minutesOf(quiet.end);
  const now = localMinutes(nowMs, quiet.timeZone);
  const span = (end - start + DAY_MINUTES) % DAY_MINUTES;
  const since = (now - start + DAY_MINUTES) % DAY_MINUTES;
  if (since >= span) return 0;
  const minuteStart = nowMs - (nowMs % MINUTE_MS);
  const naive = minuteStart + (span - since) * MINUTE_MS;
  // When the clocks change in between, the naive moment shows another local time than `end`.
  const shift = (end - localMinutes(naive, quiet.timeZone) + DAY_MINUTES * 1.5) % DAY_MINUTES;
  return Math.max(1, naive + (shift - DAY_MINUTES / 2) * MINUTE_MS - nowMs);
}
