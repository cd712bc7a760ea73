import type { QueueSnapshot, ServerReport } from '../../broker/broker.js';
import { NO_FLOW } from '../../broker/groups-of-queue.js';
import { defineQueue } from '../../jobs/queue-definition.js';
import { queueReasons } from './health-rules.js';
import { serverReasons } from './server-rules.js';
import type { ProcessSight } from '../activity/process-watch.js';
import type { HealthEvidence, SeenElsewhere } from './health-rules.js';
import { HEALTH_DEFAULTS } from '../health-thresholds.js';

const FIT: ServerReport = {
  provider: 'redis',
  reachable: true,
  version: '7.0',
  latencyMs: 1,
  memoryUsedRatio: 0.2,
  memoryLimitBytes: null,
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
    ['clock', { clockSkewMs: -5_000 }, /^degraded CLOCK_SKEW .* 5000 ms ahead of Redis'.*NTP/],
    ['clock', { clockSkewMs: 5_000 }, /^degraded CLOCK_SKEW .* 5000 ms behind Redis'.*NTP/],
  ])('tells of its %s once, although the server report may warn of it too', (_about, report, expected) => {
    const finding = { severity: 'warning', about: 'memory', message: 'x' } as const;
    expect(reasonsOf({ ...report, findings: [finding] })).toEqual([expect.stringMatching(expected)]);
    const patient = { ...HEALTH_DEFAULTS, maxMemoryRatio: 0.9, maxClockSkewMs: 10_000 };
    expect(reasonsOf({ ...report, findings: [finding] }, patient)).toEqual([]);
  });

  it('says what the server has lost, what that means and what to do', () => {
    expect(reasonsOf({ loss: { kind: 'emptied', at: 0 } })).toEqual([
      expect.stringMatching(/^unhealthy DATA_LOST .*emptied.*1970.*idempotency.*acknowledgeLoss/),
    ]);
  });

  it('says how to reach a server that does not answer', () => {
    const finding = { severity: 'fatal', about: 'setting', message: 'Check REDIS_URL.' } as const;
    expect(reasonsOf({ reachable: false, findings: [finding] })).toEqual([
      expect.stringMatching(/^unhealthy BROKER_UNREACHABLE .*Check REDIS_URL\.$/),
    ]);
  });
});

describe('queueReasons', () => {
  const NOW = 1_764_000_000_000;
  const definition = defineQueue({
    name: 'mail',
    description: 'A queue of a test.',
    jobs: { send: class {} },
    ...{ concurrency: 1, attempts: 1, timeoutMs: 1_000, backoff: { type: 'fixed', delayMs: 1 } },
    retention: { failedCount: 7 },
  });
  const reasonsOf = (
    failedDropped: number,
    failedDroppedAt: number | null,
    keys: Pick<QueueSnapshot, 'keysForgotten' | 'keysForgottenAt'> = {
      keysForgotten: 0,
      keysForgottenAt: null,
    },
    flow = NO_FLOW,
    { sight, elsewhere }: { sight?: Partial<ProcessSight>; elsewhere?: Partial<SeenElsewhere> } = {},
  ): string[] => {
    const counts = { waiting: 0, active: 0, delayed: 0, completed: 0, failed: 0, paused: 0, isPaused: false };
    const evidence: HealthEvidence = {
      ...{
        definition,
        breakers: [],
        now: NOW,
        isIdle: false,
        unplugged: [],
        unknown: { count: 0, kinds: [] },
      },
      snapshot: {
        ...counts,
        oldestWaitingAt: null,
        unknown: 0,
        failedDropped,
        failedDroppedAt,
        ...keys,
        wrongKeys: [],
        expired: 0,
        flow,
      },
      recent: { attempts: 0, failureRate: null },
      sight: { movedMsAgo: null, stuck: [], blockedBy: [], hostFailures: { count: 0, recent: [] }, ...sight },
      elsewhere: { stuck: [], blockedBy: [], ...elsewhere },
    };
    return queueReasons(evidence, HEALTH_DEFAULTS).map(({ code, message }) => `${code} ${message}`);
  };

  it('tells of dropped dead letters for an hour', () => {
    expect(reasonsOf(0, null)).toEqual([]);
    expect(reasonsOf(12, NOW - 3_600_000)).toEqual([
      expect.stringMatching(
        /^DEAD_LETTERS_DROPPED "mail" drops .* 12 so far: .* at most 7 of them .*failedCount/,
      ),
    ]);
    expect(reasonsOf(12, NOW - 3_600_001)).toEqual([]);
  });

  it.each([
    [
      12_000,
      1,
      /^KEY_PARKED The key "c-42" of "mail" has stood still for 12 s, since job "j-1" became a dead letter\. Repair/,
    ],
    [300_000, 3, /for 5 min, since job "j-1" .*, and 2 more keys stand still\. Repair/],
    [3 * 3_600_000, 1, /for 3 h, .*release\('mail', \{ key: "c-42" \}, 'replay'\)/],
    [50 * 3_600_000, 1, /for 2 days, /],
  ])('names the key that has stood still longest, %i ms so far', (ms, parked, message) => {
    const oldestParked = { key: 'c-42', jobId: 'j-1', since: NOW - ms };
    expect(reasonsOf(0, null, undefined, { ...NO_FLOW, parked, oldestParked })).toEqual([
      expect.stringMatching(message),
    ]);
  });

  it('finds nothing wrong with groups that are paused, sleep, or hold many jobs', () => {
    const flow = {
      ...NO_FLOW,
      held: 9_000,
      holding: 40,
      paused: 2,
      sleeping: 7,
      oldestHeldAt: NOW - 3_600_000,
    };
    expect(reasonsOf(0, null, undefined, flow)).toEqual([]);
  });

  it('tells of forgotten idempotency keys for an hour', () => {
    const at = (keysForgottenAt: number): string[] =>
      reasonsOf(0, null, { keysForgotten: 9, keysForgottenAt });
    expect(at(NOW - 3_600_000)).toEqual([
      expect.stringMatching(
        /^KEYS_FORGOTTEN "mail" forgets .* 9 so far: it remembers 1000000 .*maxIdempotencyKeys/,
      ),
    ]);
    expect(at(NOW - 3_600_001)).toEqual([]);
  });

  it('tells of handlers that are stuck and breakers that are open in other processes', () => {
    const elsewhere = { stuck: [{ process: 'worker-7 (pid 12)', handlers: 2 }], blockedBy: ['smtp'] };
    const sight = { stuck: ['Mailer.send (job m_1)'] };
    expect(reasonsOf(0, null, undefined, NO_FLOW, { sight, elsewhere })).toEqual([
      expect.stringMatching(
        /^STUCK_HANDLER 3 handler\(s\) .*Mailer\.send \(job m_1\), 2 in worker-7 \(pid 12\)/,
      ),
      expect.stringMatching(/^BREAKER_OPEN .* wait for smtp \(in other processes/),
    ]);
  });
});
