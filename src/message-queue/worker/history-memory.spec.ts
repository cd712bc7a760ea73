import { historyWarning } from './history-memory.js';

const MEGABYTE = 1_000_000;
const activity = { flushMs: 5_000, historyHours: 72, maxSeries: 100 };
/** As many queues, of as many jobs each. */
const queues = (count: number, jobs: number): { readonly jobs: object }[] =>
  Array.from({ length: count }, () => ({
    jobs: Object.fromEntries(Array.from({ length: jobs }, (_, i) => [`job-${i}`, null])),
  }));

describe('the memory that the history may take', () => {
  it('is said where it may be more than 5 % of the limit', () => {
    // 6 queues of 1 job and 1 for other names each: 12 series × 72 h × 60 min × 168 B = 8.7 MB.
    expect(historyWarning(170 * MEGABYTE, activity, queues(6, 1))).toMatch(
      /^What is kept of 72 hours may grow to 8\.7 MB, more than 5 % of the memory of Redis \(170 MB\)\. Keep fewer hours/,
    );
    expect(historyWarning(180 * MEGABYTE, activity, queues(6, 1))).toBeNull();
  });

  it('is bounded by what is counted apart, and by the hours', () => {
    // 100 apart and 5 for others: 76 MB, however many names there are.
    expect(historyWarning(1_500 * MEGABYTE, activity, queues(5, 1_000))).toContain('may grow to 76 MB');
    expect(historyWarning(1_600 * MEGABYTE, activity, queues(5, 1_000))).toBeNull();
    expect(historyWarning(1_500 * MEGABYTE, { ...activity, historyHours: 6 }, queues(5, 1_000))).toBeNull();
  });

  it('is not said of a server without a limit', () => {
    expect(historyWarning(null, activity, queues(1_000, 1))).toBeNull();
  });
});
