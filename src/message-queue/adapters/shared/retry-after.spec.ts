import { retryAfterMs } from './retry-after.js';

describe('retryAfterMs', () => {
  const now = Date.parse('2026-11-21T04:00:00Z');

  it.each([
    ['120', 120_000],
    ['0', 1_000],
    ['999999999', 3_600_000],
    ['Sat, 21 Nov 2026 04:00:30 GMT', 30_000],
    ['Sat, 21 Nov 2026 03:00:00 GMT', 1_000],
    ['soon', null],
    ['', null],
    [undefined, null],
  ])('%s is %s', (header, expected) => expect(retryAfterMs(header, now, 3_600_000)).toBe(expected));
});
