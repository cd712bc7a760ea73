import type { ServerReport } from '../broker/broker.js';
import { serverReasons } from './health-rules.js';
import { HEALTH_DEFAULTS } from './health-thresholds.js';

const FIT: ServerReport = {
  provider: 'redis',
  reachable: true,
  version: '7.0',
  latencyMs: 1,
  memoryUsedRatio: 0.2,
  clockSkewMs: 3,
  findings: [],
};

describe('serverReasons', () => {
  const reasonsOf = (report: Partial<ServerReport>, thresholds = HEALTH_DEFAULTS): string[] =>
    serverReasons({ ...FIT, ...report }, thresholds).map(
      ({ severity, code, message }) => `${severity} ${code} ${message}`,
    );

  it('has none for a server that is fit', () => {
    expect(reasonsOf({})).toEqual([]);
  });

  it('names what the server must be set to, the worst first', () => {
    expect(
      reasonsOf({
        findings: [
          { severity: 'warning', about: 'setting', message: 'Snapshots only.' },
          { severity: 'fatal', about: 'setting', message: 'It evicts.' },
        ],
      }),
    ).toEqual(['unhealthy SERVER_SETTING It evicts.', 'degraded SERVER_SETTING Snapshots only.']);
  });

  it.each<[string, Partial<ServerReport>, RegExp]>([
    ['memory', { memoryUsedRatio: 0.81 }, /^degraded MEMORY_HIGH 81 %.*Raise/],
    ['clock', { clockSkewMs: -5_000 }, /^degraded CLOCK_SKEW .* -5000 ms .*NTP/],
  ])('tells of its %s once, although the server report warns of it too', (about, report, expected) => {
    const finding = { severity: 'warning', about: about as 'memory' | 'clock', message: 'x' } as const;
    expect(reasonsOf({ ...report, findings: [finding] })).toEqual([expect.stringMatching(expected)]);
    const patient = { ...HEALTH_DEFAULTS, maxMemoryRatio: 0.9, maxClockSkewMs: 10_000 };
    expect(reasonsOf({ ...report, findings: [finding] }, patient)).toEqual([]);
  });

  it('says how to reach a server that does not answer', () => {
    const finding = { severity: 'fatal', about: 'setting', message: 'Check REDIS_URL.' } as const;
    expect(reasonsOf({ reachable: false, findings: [finding] })).toEqual([
      expect.stringMatching(/^unhealthy BROKER_UNREACHABLE .*Check REDIS_URL\.$/),
    ]);
  });
});
