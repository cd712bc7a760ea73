import { fromBullPriority, isJobPriority, JobPriority, toBullPriority } from './job-priority.js';

describe('the priority scale', () => {
  it('is 1 to 10, 10 first, and turns into Bull’s and back', () => {
    expect(Object.values(JobPriority).map(toBullPriority)).toEqual([1, 3, 6, 9]);
    for (const level of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const) {
      expect(fromBullPriority(toBullPriority(level))).toBe(level);
    }
  });

  it('puts jobs without a priority last, and Bull’s wider scale within ours', () => {
    expect([undefined, 0, 11, 2 ** 21].map(fromBullPriority)).toEqual([1, 1, 1, 1]);
  });

  it.each([0, 11, 1.5, Number.NaN, '5', null])('does not know level %p', (level) => {
    expect(isJobPriority(level)).toBe(false);
  });
});
