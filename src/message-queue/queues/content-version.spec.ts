import { contentVersion } from './content-version.js';

describe('the version of a content', () => {
  const latest = new Date(Date.UTC(9999, 11, 31, 23, 59, 59, 999));
  const received = new Date('2026-06-01T12:00:00Z');
  const after = (ms: number): Date => new Date(received.getTime() + ms);

  it('puts every edit above every original, and orders each by time', () => {
    const [first, second] = [new Date(0), new Date(1)];
    expect(contentVersion(first, received, true)).toBeGreaterThan(contentVersion(latest, latest, false));
    expect(contentVersion(second, received, true)).toBeGreaterThan(contentVersion(first, received, true));
    expect(contentVersion(second, received, false)).toBeGreaterThan(contentVersion(first, received, false));
  });

  it.each([
    [1, 2],
    [1_000, 2_000],
    [60_000, 3_600_000],
  ])('orders what claims to be %d and %d ms ahead, received at once, by what it claims', (one, other) => {
    expect(contentVersion(after(other), received, true)).toBeGreaterThan(
      contentVersion(after(one), received, true),
    );
  });

  it('lets no claim outrank what the server received later', () => {
    expect(contentVersion(after(1), after(1), true)).toBeGreaterThan(contentVersion(latest, received, true));
  });

  it('is a whole number below what a tombstone in a search cluster has', () => {
    expect(contentVersion(latest, latest, true)).toBeLessThan(Number.MAX_SAFE_INTEGER);
    const versions = [0, 1, 7, 12_345].map((ms) => contentVersion(after(ms), received, true));
    expect(versions.every(Number.isSafeInteger)).toBe(true);
  });
});
