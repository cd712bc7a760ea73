import { ActivityWindow, WINDOW_MS } from './activity-window.js';

describe('ActivityWindow', () => {
  const start = 1_700_000_000_000;

  it('knows nothing of a queue that did nothing', () => {
    expect(new ActivityWindow().read(start)).toEqual({ completed: 0, failed: 0, avgMs: null, p95Ms: null });
  });

  it('counts outcomes and averages run times exactly, percentiles to within a fifth', () => {
    const window = new ActivityWindow();
    for (let ms = 1; ms <= 1_000; ms++) window.note(ms % 10 === 0 ? 'failed' : 'completed', ms, start + ms);
    const { completed, failed, avgMs, p95Ms } = window.read(start + 1_000);
    expect([completed, failed]).toEqual([900, 100]);
    expect(avgMs).toBeCloseTo(500.5);
    expect(p95Ms).toBeGreaterThanOrEqual(950);
    expect(p95Ms).toBeLessThanOrEqual(950 * 1.2);
  });

  it('forgets what is older than the window, bit by bit', () => {
    const window = new ActivityWindow();
    window.note('completed', 10, start);
    window.note('failed', 10, start + WINDOW_MS / 2);
    expect(window.read(start + WINDOW_MS - 11_000)).toMatchObject({ completed: 1, failed: 1 });
    expect(window.read(start + WINDOW_MS + 10_000)).toMatchObject({ completed: 0, failed: 1 });
    expect(window.read(start + 2 * WINDOW_MS)).toMatchObject({ completed: 0, failed: 0, p95Ms: null });
    window.note('completed', 5, start + 10 * WINDOW_MS);
    expect(window.read(start + 10 * WINDOW_MS)).toMatchObject({ completed: 1, failed: 0, avgMs: 5 });
  });

  it('takes attempts that ran no time at all, or for hours', () => {
    const window = new ActivityWindow();
    window.note('completed', 0, start);
    window.note('completed', 7_200_000, start);
    expect(window.read(start).p95Ms).toBeGreaterThan(1_000_000);
  });
});
