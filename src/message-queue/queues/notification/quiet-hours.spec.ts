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

  it.each([
    ['Europe/Berlin', '2026-03-28T18:00:00Z'],
    ['Europe/Berlin', '2026-10-24T18:00:00Z'],
    ['America/New_York', '2026-03-07T23:00:00Z'],
    ['America/New_York', '2026-10-31T23:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T08:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T08:00:00Z'],
    ['America/Santiago', '2026-09-05T22:00:00Z'],
  ])('ends, and ends once, in any night in which %s changes its clocks', (timeZone, evening) => {
    const wrong: string[] = [];
    for (const start of ['22:00', '00:15', '01:30', '02:15']) {
      for (const end of ['00:30', '01:30', '02:00', '02:30', '03:00', '07:00']) {
        const hours = { start, end, timeZone };
        for (let at = Date.parse(evening); at < Date.parse(evening) + 16 * HOUR; at += HOUR / 4) {
          const left = quietHoursLeftMs(at, hours);
          // A run that comes back then must not be sent away again, and again.
          const isOver = left === 0 || quietHoursLeftMs(at + left, hours) === 0;
          if (!isOver || !(left >= 0 && left <= 48 * HOUR))
            wrong.push(`${start} to ${end}, ${new Date(at).toISOString()}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('moves an end that the change leaves out to after the change', () => {
    const early = { ...berlin, end: '02:30' };
    expect(quietHoursLeftMs(Date.parse('2026-03-28T21:00:00Z'), early)).toBe(4.5 * HOUR);
    expect(quietHoursLeftMs(Date.parse('2026-03-29T00:45:00Z'), early)).toBe(0.75 * HOUR);
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
    expect(() => quietHoursLeftMs(0, { ...berlin, timeZone: '' })).toThrow(RangeError);
    expect(() => quietHoursLeftMs(0, { ...berlin, start: '25:00' })).toThrow(RangeError);
  });
});
