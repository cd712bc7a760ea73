import type { MonitoredAlert } from '../../../kernel/monitored/monitored-events.js';
import type { AlertLimits } from './alert-rule.js';
import { EventsAlert } from './events-alert.js';

const LIMITS: AlertLimits = { severity: 'warning', above: 0, forMs: 60_000, clear: 0, clearForMs: 120_000 };

function alertOf(code: string): MonitoredAlert {
  return { code, severity: 'degraded', message: `It is ${code}.`, value: 1, limit: 0, since: 0 };
}

function watched(limits: Partial<AlertLimits> = {}) {
  const parts = { runbookUrl: 'docs/operations.md', repeatMs: 4 * 3_600_000 };
  const alert = new EventsAlert({
    rule: 'EventsDegraded',
    limits: { ...LIMITS, ...limits },
    ...parts,
  });
  return {
    alert,
    /** What is told, judged every 15 s over some time. */
    over: (fromMs: number, untilMs: number, ...codes: readonly string[]): string[] => {
      const told: string[] = [];
      for (let at = fromMs; at <= untilMs; at += 15_000) {
        const notice = alert.noted(codes.map(alertOf), at);
        if (notice !== null) told.push(`${at / 1_000} ${notice.status} ${notice.value} ${notice.reminder}`);
      }
      return told;
    },
  };
}

describe('an alert on the bus of events', () => {
  it('fires once what is wrong has been so for a while, and is over when nothing was for another', () => {
    const { alert, over } = watched();
    expect(over(0, 45_000, 'FULL')).toEqual([]);
    expect(alert.status()).toBeNull();
    expect(over(60_000, 300_000, 'FULL')).toEqual(['60 firing 1 0']);
    expect(alert.status()).toMatchObject({ id: 'EventsDegraded', state: 'firing', queue: null });
    expect(over(315_000, 420_000)).toEqual([]);
    expect(over(435_000, 600_000)).toEqual(['435 resolved 1 0']);
    expect(alert.status()).toBeNull();
  });

  it('is nothing where it does not last, however often it comes', () => {
    const { over } = watched();
    for (let at = 0; at < 1_000_000; at += 60_000) {
      expect(over(at, at + 30_000, 'LATENCY')).toEqual([]);
      expect(over(at + 45_000, at + 45_000)).toEqual([]);
    }
  });

  it('is one incident while it comes and goes', () => {
    const { over } = watched({ forMs: 0 });
    expect(over(0, 0, 'LATENCY')).toEqual(['0 firing 1 0']);
    for (let at = 60_000; at < 1_200_000; at += 120_000) {
      expect(over(at, at + 45_000)).toEqual([]);
      expect(over(at + 60_000, at + 60_000, 'LATENCY')).toEqual([]);
    }
  });

  it('tells at once of what becomes wrong beside it, and of the whole again after hours', () => {
    const { over } = watched({ forMs: 0 });
    expect(over(0, 30_000, 'LATENCY')).toEqual(['0 firing 1 0']);
    expect(over(45_000, 60_000, 'LATENCY', 'MEMORY')).toEqual(['45 firing 2 1']);
    expect(over(75_000, 14_445_000, 'MEMORY')).toEqual(['14445 firing 1 2']);
  });
});
