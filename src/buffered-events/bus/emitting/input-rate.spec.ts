import fc from 'fast-check';
import { InputRate } from './input-rate.js';

it('lets no more than its limit through within any second, and at least that over two', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { minLength: 1, maxLength: 400 }),
      (limit, gaps) => {
        const rate = new InputRate(limit);
        let now = 1_000_000;
        const taken: number[] = [];
        for (const gap of gaps) {
          now += gap;
          if (rate.take(now)) taken.push(now);
          else expect(taken.filter((at) => at > now - 1_020).length).toBeGreaterThanOrEqual(limit);
        }
        for (const [index, at] of taken.entries()) {
          const before = taken[index - limit];
          if (before !== undefined) expect(at - before).toBeGreaterThanOrEqual(1_000);
        }
      },
    ),
    { numRuns: 200 },
  );
});

it('says when one more may come, and then it may', () => {
  const rate = new InputRate(2);
  expect(rate.waitMs(5_000)).toBe(0);
  rate.take(5_000);
  rate.take(5_500);
  const waitMs = rate.waitMs(5_600);
  expect(waitMs).toBeGreaterThan(390);
  expect(waitMs).toBeLessThanOrEqual(420);
  expect(rate.take(5_600 + waitMs)).toBe(true);
  expect(rate.take(5_600 + waitMs)).toBe(false);
});

it('gives back what came to nothing, and bears a clock that is set back', () => {
  const rate = new InputRate(1);
  rate.take(5_000);
  rate.giveBack();
  expect(rate.take(5_000)).toBe(true);
  expect(rate.take(1_000)).toBe(false);
  expect(rate.take(90_000)).toBe(true);
});
