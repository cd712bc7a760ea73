import { consumer, counted, watched } from '../../../test/support/judged-bus.js';
import type { Change } from '../../../test/support/judged-bus.js';
import type { BusReadings } from '../bus/bus-readings.js';
import type { EventAlertCode } from './judge-words.js';

describe('the health of the bus', () => {
  /** What is wrong, what is just not, and what is said then. */
  const TABLE: readonly (readonly [
    EventAlertCode,
    Change<BusReadings>,
    Change<BusReadings>,
    number,
    number,
  ])[] = [
    ['NOT_INITIALIZED', { phase: 'starting' }, { phase: 'running' }, 0, 1],
    ['NO_THREADS', { threads: { live: 0 } }, { threads: { live: 0 }, fallback: true }, 0, 1],
    ['FULL', { full: true, memoryUsage: 0.9, utilization: 0.5 }, { full: false, memoryUsage: 0.9 }, 0.9, 1],
    ['THREADS_MISSING', { threads: { live: 1 } }, { threads: { live: 3 } }, 1, 2],
    [
      'FALLBACK',
      { threads: { live: 0 }, fallback: true },
      { threads: { wanted: 0, live: 0 }, fallback: true },
      0,
      2,
    ],
    ['RESTARTS', { threads: { restarts: 3 } }, { threads: { restarts: 2 } }, 3, 3],
    ['UTILIZATION', { utilization: 0.81 }, { utilization: 0.8 }, 0.81, 0.8],
    ['MEMORY', { memoryUsage: 0.91 }, { memoryUsage: 0.9 }, 0.91, 0.9],
    [
      'FAILURES',
      { consumers: [consumer({ done: 8, failed: 1 })] },
      { consumers: [consumer({ done: 9, failed: 1 })] },
      0.111,
      0.1,
    ],
    ['DEAD_LETTERS', { deadLetters: { total: 1, kept: 1 } }, { deadLetters: { total: 0, kept: 1 } }, 1, 0],
    ['STALLED', { threads: { stalls: 1 } }, { threads: { stalls: 0 } }, 1, 0],
  ];

  it.each(TABLE)('knows %s', (code, wrong, right, value, limit) => {
    const bus = watched();
    bus.set(wrong);
    const { status, alerts } = bus.judge.health();
    const unhealthy = ['NOT_INITIALIZED', 'NO_THREADS', 'FULL'].includes(code);
    const severity = unhealthy ? 'unhealthy' : 'degraded';
    expect(status).toBe(severity);
    expect(alerts.find((alert) => alert.code === code)).toEqual({
      ...{ code, severity, value, limit, since: 1_000_000 },
      message: expect.stringMatching(/^[A-Z0-9].{40,}\.$/) as string,
    });
    bus.set(right);
    expect(bus.codes()).not.toContain(code);
  });

  it('is bad before the start and after the end, whatever else there is', () => {
    for (const phase of ['new', 'starting', 'stopping', 'stopped'] as const) {
      const bus = watched();
      bus.set({ phase, full: true, threads: { live: 0 } });
      expect(bus.codes()).toEqual(['NOT_INITIALIZED']);
    }
  });

  it('is well where no threads were asked for, or the bus is switched off', () => {
    const bus = watched();
    bus.set({ threads: { wanted: 0, live: 0 }, fallback: true });
    expect(bus.judge.health()).toMatchObject({ status: 'healthy', alerts: [] });
    bus.set({ enabled: false, threads: { wanted: 2 }, fallback: false });
    expect(bus.judge.health()).toMatchObject({ status: 'healthy', alerts: [] });
  });

  it('tells the worst first', () => {
    const bus = watched();
    bus.set({ utilization: 1, full: true, threads: { live: 1 } });
    expect(bus.codes()).toEqual(['FULL', 'THREADS_MISSING', 'UTILIZATION']);
  });

  it('counts what is of a minute for a minute', async () => {
    const bus = watched();
    await bus.clock.advance(5_000);
    bus.set({ threads: { restarts: 3, stalls: 1 }, deadLetters: { total: 2, kept: 2 } });
    bus.set({ consumers: [consumer({ failed: 5 })] });
    await bus.clock.advance(59_000);
    expect(bus.codes()).toEqual(['RESTARTS', 'STALLED', 'FAILURES', 'DEAD_LETTERS']);
    await bus.clock.advance(3_000);
    expect(bus.codes()).toEqual([]);
  });

  it('knows since when a thing is wrong without a break', async () => {
    const bus = watched();
    bus.set({ utilization: 0.9 });
    const since = (): number | undefined => bus.judge.health().alerts[0]?.since;
    expect(since()).toBe(1_000_000);
    await bus.clock.advance(30_000);
    expect(since()).toBe(1_000_000);
    bus.set({ utilization: 0.1 });
    expect(since()).toBeUndefined();
    bus.set({ utilization: 0.9 });
    expect(since()).toBe(1_030_000);
  });

  it('holds latency of the last minute against maxQueueLatency', async () => {
    const bus = watched();
    // Class 17 is 66 to 131 ms, class 18 twice that.
    bus.set({ consumers: [consumer({ latencies: counted(18, 20) })] });
    expect(bus.judge.health().alerts).toMatchObject([{ code: 'LATENCY', limit: 100 }]);
    expect(bus.judge.health().alerts[0]?.value).toBeGreaterThan(131);
    await bus.clock.advance(62_000);
    expect(bus.codes()).toEqual([]);
  });

  it('holds the rate against the target while events wait all the time, and only then', async () => {
    const bus = watched();
    bus.set({ ready: { normal: 1 } });
    expect(bus.codes()).toEqual([]);
    for (let second = 1; second <= 12; second++) {
      bus.set({ consumers: [consumer({ done: second * 100 })] });
      await bus.clock.advance(1_000);
    }
    expect(bus.judge.health().alerts).toMatchObject([{ code: 'RATE_LOW', limit: 500, value: 100 }]);
    bus.set({ ready: { normal: 0 } });
    await bus.clock.advance(1_000);
    bus.set({ ready: { normal: 1 } });
    await bus.clock.advance(1_000);
    expect(bus.codes()).toEqual([]);
  });

  it('holds the time in the thread of the app against maxMainThreadImpact', async () => {
    const bus = watched();
    bus.set({ busyMs: 600 });
    await bus.clock.advance(10_000);
    expect(bus.judge.health().alerts).toMatchObject([{ code: 'MAIN_THREAD', value: 6, limit: 5 }]);
    expect(bus.judge.metrics().queueMetrics.mainThreadShare).toBe(6);
  });

  it('raises nothing of a limit that is not set', async () => {
    const none = {
      maxInputRate: null,
      targetProcessingRate: null,
      maxMainThreadImpact: null,
      maxQueueLatency: null,
    };
    const bus = watched({ performance: none });
    bus.set({ ready: { low: 1 }, consumers: [consumer({ latencies: counted(23, 9) })] });
    for (let second = 1; second <= 12; second++) {
      bus.set({ busyMs: second * 900 });
      await bus.clock.advance(1_000);
    }
    expect(bus.codes()).toEqual([]);
  });
});
