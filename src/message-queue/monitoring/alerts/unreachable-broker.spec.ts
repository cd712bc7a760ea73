import type { AlertLimits } from './alert-rule.js';
import { UnreachableBroker } from './unreachable-broker.js';

const LIMITS: AlertLimits = { severity: 'critical', above: 15_000, forMs: 0, clear: 0, clearForMs: 0 };
const HOUR_MS = 3_600_000;

describe('a broker that does not answer', () => {
  it('is an alert after 15 s, from when it was first asked in vain, and over with its first answer', () => {
    const broker = new UnreachableBroker(LIMITS, 'docs/operations.md', 'redis');
    expect(broker.noted(true, 0, 1)).toBeNull();
    expect(broker.noted(false, 5_000, 10_000)).toBeNull();
    expect([broker.noted(false, 10_000, 20_000), broker.status()]).toEqual([null, null]);
    const fired = broker.noted(false, 15_000, 20_001);
    expect(fired).toMatchObject({ rule: 'BrokerUnreachable', queue: null, status: 'firing', reminder: 0 });
    expect(broker.status()).toMatchObject({ id: 'BrokerUnreachable', state: 'firing', severity: 'critical' });
    expect(broker.noted(true, 30_000, 30_001)).toMatchObject({ status: 'resolved', id: fired?.id });
    expect([broker.status(), broker.noted(true, 40_000, 40_001)]).toEqual([null, null]);
  });

  it('is told of once an hour, however often it comes and goes', () => {
    const broker = new UnreachableBroker(LIMITS, 'docs/operations.md', 'redis');
    const told: string[] = [];
    for (let at = 0; at < 2 * HOUR_MS; at += 5_000) {
      // Away for 30 s, there for 30 s.
      const notice = broker.noted(Math.floor(at / 30_000) % 2 === 1, at, at + 1);
      if (notice !== null) told.push(notice.status);
    }
    expect(told).toEqual(['firing', 'resolved', 'firing', 'resolved']);
  });

  it('that stays away is told of again each hour, as the same', () => {
    const broker = new UnreachableBroker(LIMITS, 'docs/operations.md', 'redis');
    const told: [string, number, string][] = [];
    for (let at = 0; at < 3 * HOUR_MS; at += 5_000) {
      const notice = broker.noted(false, at, at + 1);
      if (notice !== null) told.push([notice.status, notice.reminder, notice.id]);
    }
    expect(told.map(([status, reminder]) => [status, reminder])).toEqual([
      ['firing', 0],
      ['firing', 1],
      ['firing', 2],
    ]);
    expect(new Set(told.map(([, , id]) => id)).size).toBe(1);
  });

  it('is nothing where the rule is off', () => {
    const broker = new UnreachableBroker(null, 'docs/operations.md', 'redis');
    expect([broker.noted(false, 0, HOUR_MS), broker.status()]).toEqual([null, null]);
  });
});
