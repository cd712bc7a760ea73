import { contentVersion } from './content-version.js';

describe('the version of a content', () => {
  const latest = new Date(Date.UTC(9999, 11, 31, 23, 59, 59, 999));

  it('puts every edit above every original, and orders each by time', () => {
    const [first, second] = [new Date(0), new Date(1)];
    expect(contentVersion(first, true)).toBeGreaterThan(contentVersion(latest, false));
    expect(contentVersion(second, true)).toBeGreaterThan(contentVersion(first, true));
    expect(contentVersion(second, false)).toBeGreaterThan(contentVersion(first, false));
  });

  it('stays below what a tombstone in a search cluster has', () => {
    expect(contentVersion(latest, true)).toBeLessThan(Number.MAX_SAFE_INTEGER);
  });
});
