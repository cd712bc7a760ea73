/** How figures, times and texts are written. A value that is not known is `–`, never 0. */

const UNKNOWN = '–';
const THIN = '\u202f';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

function digits(value, places) {
  return value
    .toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })
    .replace(/,/g, THIN);
}

/** A count: whole up to a million, then short, such as `1 214` or `3.40 M`. */
export function count(value) {
  if (!isNumber(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (size < 999_500) return digits(Math.round(value), 0);
  for (const [unit, name] of [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
  ]) {
    if (size >= unit * 0.9995)
      return `${digits(value / unit, size < unit * 10 ? 2 : size < unit * 100 ? 1 : 0)}${THIN}${name}`;
  }
  return digits(value, 0);
}

/** `1 letter`, `27 letters`. */
export function counted(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A rate: two digits that mean something, such as `0.25`, `4.1`, `260`. */
export function rate(value) {
  if (!isNumber(value)) return UNKNOWN;
  if (value === 0) return '0';
  if (value < 0.01) return '< 0.01';
  return value < 1 ? digits(value, 2) : value < 9.95 ? digits(value, 1) : count(value);
}

/** How long something took, as `[figure, unit]`. */
export function durationParts(ms) {
  if (!isNumber(ms)) return [UNKNOWN, ''];
  const size = Math.max(0, ms);
  if (size > 0 && size < 1) return ['< 1', 'ms'];
  if (size < 999.5) return [digits(size, 0), 'ms'];
  if (size < MINUTE) return [digits(size / SECOND, size < 9_995 ? 2 : size < 59_950 ? 1 : 0), 's'];
  if (size < HOUR) return [two(size, MINUTE, 'min', SECOND, 's', size < 10 * MINUTE), ''];
  if (size < DAY) return [two(size, HOUR, 'h', MINUTE, 'min', true), ''];
  return [two(size, DAY, 'd', HOUR, 'h', size < 10 * DAY), ''];
}

/** How long something took: `84 ms`, `1.42 s`, `38.4 s`, `12 min`, `11 h 34 min`, `5 d`. */
export function duration(ms) {
  return durationParts(ms).join(' ').trim();
}

/** A rough length of time, in whole units: `0 s`, `42 s`, `12 min`, `3 h`. */
export function span(ms) {
  if (!isNumber(ms)) return UNKNOWN;
  const size = Math.max(0, ms);
  if (size < MINUTE) return `${Math.floor(size / SECOND)} s`;
  return duration(size < HOUR ? Math.floor(size / MINUTE) * MINUTE : size);
}

function two(size, unit, name, lesser, lesserName, withRest) {
  const whole = Math.floor(size / unit);
  const rest = Math.floor((size - whole * unit) / lesser);
  return `${digits(whole, 0)} ${name}${withRest && rest > 0 ? ` ${rest} ${lesserName}` : ''}`;
}

/** The number of a share of 0 to 1: `7.4`, `71`, `< 0.1`. */
export function shareFigure(ratio) {
  if (!isNumber(ratio)) return UNKNOWN;
  const percent = ratio * 100;
  if (percent > 0 && percent < 0.1) return '< 0.1';
  return percent === 0 || percent >= 99.95 || (percent >= 9.95 && percent < 99.5)
    ? digits(percent, 0)
    : digits(percent, 1);
}

/** A share of 0 to 1: `7.4 %`. */
export function share(ratio) {
  return isNumber(ratio) ? `${shareFigure(ratio)} %` : UNKNOWN;
}

/** Bytes: `84 MB`. */
export function bytes(value) {
  if (!isNumber(value)) return UNKNOWN;
  if (value < 1e6) return `${digits(value / 1e3, 0)} kB`;
  return value < 1e9 ? `${digits(value / 1e6, 0)} MB` : `${digits(value / 1e9, 1)} GB`;
}

/** Milliseconds since the epoch of whatever says a time; null where it says none. */
export function timeOf(value) {
  const time = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isFinite(time) && Math.abs(time) <= 8.64e15 ? time : null;
}

const clockFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const secondsFormat = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const yearFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** The time of day with seconds, in the zone of whoever reads: `14:26:08`. */
export function clockSeconds(value) {
  const time = timeOf(value);
  return time === null ? UNKNOWN : secondsFormat.format(time);
}

/** A day: `28 Nov`. */
export function day(value) {
  const time = timeOf(value);
  return time === null ? UNKNOWN : dayFormat.format(time);
}

/**
 * A moment, as short as it can be told from others: `13:32`, `28 Nov 13:32`, `28 Nov 2024 13:32`.
 * @param now milliseconds since the epoch
 * @param isExact with seconds, such as `28 Nov 13:32:07`: what came first is to be seen
 */
export function moment(value, now = Date.now(), isExact = false) {
  const time = timeOf(value);
  if (time === null) return UNKNOWN;
  const clock = (isExact ? secondsFormat : clockFormat).format(time);
  if (yearFormat.format(time) === yearFormat.format(now)) return clock;
  const isNear = Math.abs(time - now) < 180 * DAY;
  return `${(isNear ? dayFormat : yearFormat).format(time)} ${clock}`;
}

/** A moment in full, for a tooltip: day, time, seconds and zone. */
export function momentInFull(value) {
  const time = timeOf(value);
  return time === null ? '' : `${new Date(time).toLocaleString('en-GB', { timeZoneName: 'short' })}`;
}

/** How long ago, or in how long: `12 h ago`, `in 11 h 34 min`, `now`. */
export function away(value, now) {
  const time = timeOf(value);
  if (time === null) return UNKNOWN;
  const ms = time - now;
  if (Math.abs(ms) < SECOND) return 'now';
  return ms < 0 ? `${span(-ms)} ago` : `in ${span(ms)}`;
}

/** How long ago something was: what was only just may seem to be to come, by another clock or by what is known of `now`. */
export function ago(value, now) {
  const time = timeOf(value);
  return away(time === null ? null : Math.min(time, now), now);
}

/** A payload or result to be read. */
export function pretty(value) {
  return typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? 'undefined');
}

/** When a schedule runs, in words or as its cron line. */
export function repeatText(repeat) {
  if (typeof repeat?.cron === 'string') return repeat.cron;
  if (repeat?.every !== undefined) return `every ${duration(Number(repeat.every))}`;
  return UNKNOWN;
}
