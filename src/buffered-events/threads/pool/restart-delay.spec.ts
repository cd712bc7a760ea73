import { RestartDelay } from './restart-delay.js';

describe('RestartDelay', () => {
  it('doubles up to 30 seconds while threads die within 10 seconds of their start', () => {
    const delay = new RestartDelay(1_000);
    expect([1, 2, 3, 4, 5, 6, 7].map(() => delay.after(9_999))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
  });

  it('begins anew after a thread that lived longer', () => {
    const delay = new RestartDelay(1_000);
    for (let death = 0; death < 5; death += 1) delay.after(0);
    expect(delay.after(10_000)).toBe(1_000);
    expect(delay.after(0)).toBe(1_000);
    expect(delay.after(0)).toBe(2_000);
  });

  it('grows even where the first restart follows at once, and is never shorter than the first', () => {
    const none = new RestartDelay(0);
    expect([1, 2, 3, 4].map(() => none.after(0))).toEqual([0, 200, 400, 800]);
    const long = new RestartDelay(60_000);
    expect([1, 2].map(() => long.after(0))).toEqual([60_000, 60_000]);
  });

  it('stays bounded however many die', () => {
    const delay = new RestartDelay(1);
    for (let death = 0; death < 2_000; death += 1) delay.after(0);
    expect(delay.after(0)).toBe(30_000);
  });
});
