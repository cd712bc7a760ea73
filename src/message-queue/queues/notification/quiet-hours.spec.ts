import { quietHoursLeftMs } from './quiet-hours.js';

const HOUR = 3_600_000;
const berlin = { start: '22:00', end: '07:00', timeZone: 'Europe/Berlin' };

describe('quietHoursLeftMs', () => {
  it.each([
    ['before they start', '2026-01-10T20:59:59Z', 0],
    ['as they start', '2026-01-10T21:00:00Z', 9 * HOUR],
    ['after midnight', '2026-01-11T00:30:00Z', 5.5 * HOUR],
    ['to the millisecond', '2026-01-11T05:59:59.999Z', 1],
    ['as they end', '2026-01-11T06:00:00Z', 0],
    ['at noon', '2026-01-11T11:00:00Z', 0],
    ['in summer', '2026-07-10T20:00:00Z', 9 * HOUR],
    ['over the night that is an hour shorter', '2026-03-28T21:00:00Z', 8 * HOUR],
    ['over the night that is an hour longer', '2026-10-24T20:00:00Z', 10 * HOUR],
  ])('%s', (_, now, expected) => {
    expect(quietHoursLeftMs(Date.parse(now), berlin)).toBe(expected);
  });

  it('knows spans within a day, half-hour zones and empty spans', () => {
    const siesta = { start: '13:00', end: '15:00', timeZone: 'Asia/Kolkata' };
    expect(quietHoursLeftMs(Date.parse('2026-01-10T08:00:00Z'), siesta)).toBe(1.5 * HOUR);
    expect(quietHoursLeftMs(Date.parse('2026-01-10T10:00:00Z'), siesta)).toBe(0);
    const never = { ...siesta, end: '13:00' };
    expect(quietHoursLeftMs(Date.parse('2026-01-10T07:30:00Z'), never)).toBe(0);
  });

  it('refuses what it cannot read', () => {
    expect(() => quietHoursLeftMs(0, { ...berlin, timeZone: 'Mars/Olympus' })).toThrow(RangeError);
    expect(() => quietHoursLeftMs(0, { ...berlin, start: '25:00' })).toThrow(RangeError);
  });
});
