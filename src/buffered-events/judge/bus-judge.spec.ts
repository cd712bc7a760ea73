import { Logger } from '@nestjs/common';
import { ManualClock } from '../../kernel/time/manual-clock.js';
import { consumer, QUIET, SETTINGS, watched } from '../../../test/support/judged-bus.js';
import { BusJudge } from './bus-judge.js';

describe('the figures of the bus', () => {
  it('are zeros and no NaN before anything has happened', () => {
    const { judge } = watched();
    const { queueMetrics, retryStats } = judge.metrics();
    expect(retryStats).toMatchObject({ successRate: 1, totalRetries: 0, deadLetterQueueSize: 0, crashes: 0 });
    expect(queueMetrics).toMatchObject({
      ...{ size: 0, totalEmitted: 0, totalProcessed: 0, averageProcessingTime: 0, processingRate: 0 },
      latency: { p50: 0, p95: 0, p99: 0 },
      perLane: { critical: { ready: 0, emitted: 0 } },
    });
    expect(JSON.stringify(judge.metrics())).not.toContain('null');
    const { averageProcessingTime, totalEventsProcessed } = judge.workers();
    expect([averageProcessingTime, totalEventsProcessed]).toEqual([0, 0]);
  });

  it('add up what each place counted, over the wrap of its counters and the death of its thread', async () => {
    const bus = watched();
    const most = 2 ** 31 - 1;
    bus.set({ consumers: [consumer({ done: most, processing: 2_000_000, failed: 1 })] });
    await bus.clock.advance(1_000);
    // An Int32 that went on by ten: it has wrapped, and its thread is gone.
    bus.set({
      consumers: [consumer({ done: (most + 10) | 0, processing: 2_000_000, failed: 1, live: false })],
    });
    expect(bus.judge.metrics().queueMetrics).toMatchObject({ totalProcessed: most + 10, totalFailed: 1 });
    const main = consumer({ owner: 0, done: 3, processing: 6_000 });
    bus.set({ consumers: [main, consumer({ done: (most + 12) | 0, processing: 2_000_000, failed: 1 })] });
    expect(bus.judge.metrics().queueMetrics.totalProcessed).toBe(most + 15);
    expect(bus.judge.workers().totalEventsProcessed).toBe(most + 12);
  });

  it('tell busy threads from idle ones, and the app from threads', () => {
    const bus = watched();
    const running = consumer({ running: 3, done: 4, failed: 1, processing: 10_000 });
    const idle = consumer({ owner: 2 });
    const dead = consumer({ owner: 3, live: false, running: 1 });
    const main = consumer({ owner: 0, running: 1, done: 5, processing: 90_000 });
    bus.set({ threads: { wanted: 3, restarts: 1 }, consumers: [main, running, idle, dead] });
    expect(bus.judge.workers()).toEqual({
      ...{ totalWorkers: 3, activeWorkers: 1, idleWorkers: 1, restarts: 1 },
      ...{ averageProcessingTime: 2, totalEventsProcessed: 4 },
    });
    expect(bus.judge.metrics().queueMetrics.averageProcessingTime).toBe(10);
  });

  it('have rates of the last ten seconds, not of the whole time', async () => {
    const bus = watched();
    bus.set({ emitted: 100_000, consumers: [consumer({ done: 100_000 })] });
    await bus.clock.advance(1_000);
    await bus.clock.advance(20_000);
    bus.set({ emitted: 100_050, consumers: [consumer({ done: 100_020 })] });
    expect(bus.judge.metrics().queueMetrics).toMatchObject({ inputRate: 5, processingRate: 2 });
    expect(bus.judge.health().processingRate).toBe(2);
  });

  it('have a share of success of what has ended', () => {
    const bus = watched();
    bus.set({
      emitted: 50,
      consumers: [consumer({ done: 3, failed: 9 })],
      deadLetters: { total: 1, kept: 0 },
    });
    expect(bus.judge.metrics().retryStats.successRate).toBe(0.75);
  });

  it('have none where all failed and the bus is switched off: there are no dead letters then', () => {
    const bus = watched();
    bus.set({ enabled: false, consumers: [consumer({ owner: 0, failed: 10 })] });
    expect(bus.judge.metrics().retryStats.successRate).toBe(0);
    bus.set({ consumers: [consumer({ owner: 0, done: 30, failed: 10 })] });
    expect(bus.judge.metrics().retryStats.successRate).toBe(0.75);
  });

  it('count every thread that died unplanned, whether it ran one event alone or not', () => {
    const bus = watched();
    bus.set({ crashes: 1, threads: { deaths: 3 } });
    expect(bus.judge.metrics().retryStats.crashes).toBe(3);
  });

  it('cost the bus one reading each, and with monitoring off one a minute by themselves', async () => {
    const clock = new ManualClock();
    const readings = jest.fn(() => QUIET);
    const off = { ...SETTINGS.monitoring, enabled: false };
    const judge = new BusJudge({ readings, clock, settings: { ...SETTINGS, monitoring: off } });
    judge.start();
    await clock.advance(600_000);
    expect(readings).toHaveBeenCalledTimes(11);
    await judge.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('log nothing of a shutdown that takes its time', async () => {
    const lines = (['error', 'log'] as const).map((level) =>
      jest.spyOn(Logger.prototype, level).mockImplementation(() => undefined),
    );
    const bus = watched();
    bus.set({ full: true });
    await bus.clock.advance(6_000);
    bus.set({ phase: 'stopping' });
    await bus.clock.advance(30_000);
    expect(lines.map((line) => line.mock.calls.length)).toEqual([1, 0]);
    jest.restoreAllMocks();
  });

  it('look often enough that no counter wraps unseen, whatever the interval and the concurrency', async () => {
    const clock = new ManualClock();
    const readings = jest.fn(() => QUIET);
    const monitoring = { ...SETTINGS.monitoring, metricsInterval: 3_600_000 };
    const threads = { ...SETTINGS.threads, concurrency: 1_000 };
    const judge = new BusJudge({ readings, clock, settings: { ...SETTINGS, monitoring, threads } });
    judge.start();
    readings.mockClear();
    // A thousand runs at once count 2³² microseconds in 4.3 s.
    await clock.advance(4_294);
    expect(readings.mock.calls.length).toBeGreaterThanOrEqual(1);
    await judge.stop();
  });
});
