import { CLOCK_STEPS, setClock } from '../../../test/support/set-clock.js';
import { ManualClock } from './manual-clock.js';
import { SystemClock } from './clock.js';

describe('SystemClock', () => {
  const clock = new SystemClock();

  it('calls back once, and not after it was taken back', async () => {
    const calls: string[] = [];
    const cancelled = clock.setTimer(() => calls.push('cancelled'), 1, { keepAlive: true });
    cancelled.cancel();
    await new Promise<void>((resolve) => {
      clock.setTimer(
        () => {
          calls.push('called');
          resolve();
        },
        5,
        { keepAlive: true },
      );
    });
    expect(calls).toEqual(['called']);
  });

  it('does not turn a delay beyond the longest timer into none', async () => {
    let called = false;
    const timer = clock.setTimer(() => (called = true), 2 ** 40);
    await new Promise<void>((resolve) => clock.setTimer(resolve, 20, { keepAlive: true }));
    timer.cancel();
    expect(called).toBe(false);
  });

  it.each(CLOCK_STEPS)('has a steady one that goes on when it is set %s', (_step, ms) => {
    const steady = clock.steady();
    const before = steady.now();
    const reset = setClock(ms);
    expect(Math.abs(clock.now() - before - ms)).toBeLessThan(1_000);
    expect(steady.now() - before).toBeGreaterThanOrEqual(0);
    expect(steady.now() - before).toBeLessThan(1_000);
    reset();
    const own = new ManualClock();
    expect(own.steady()).toBe(own);
  });

  it('agrees with Date', () => {
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
  });
});
