import type { Clock } from '../../kernel/time/clock.js';
import type { MonitoredDurations, MonitoredPlace } from '../../kernel/monitored/monitored-events.js';
import { RepeatedTask } from '../../kernel/time/repeated-task.js';
import type { BusReadings } from '../bus/bus-readings.js';
import type { EventBusSettings } from '../configuration/event-bus-settings.js';
import { MAIN_OWNER } from '../buffer/buffer-words.js';
import { ConsumerTotals } from './consumer-totals.js';
import type { ConsumerSums } from './consumer-totals.js';
import { findings, mainThreadShare, MINUTE_MS, RATE_MS } from './health-rules.js';
import type { EventSystemMetrics, HealthCheckResult, WorkerStatistics } from './judge-words.js';
import { estimatedSumMs, percentilesOf, rounded } from './log-histogram.js';
import { grown, perSecond, Samples } from './samples.js';
import type { Sample } from './samples.js';
import { StandingAlerts } from './standing-alerts.js';

/** What the judge needs. */
export interface BusJudgeParts {
  /** Of the bus, at this moment. */
  readonly readings: () => BusReadings;
  readonly settings: Pick<EventBusSettings, 'monitoring' | 'performance' | 'fallbackToSync' | 'threads'>;
  readonly clock: Clock;
}

/** Microseconds of runs are counted modulo this. */
const COUNTER_WRAPS_AT_MS = 2 ** 32 / 1_000;
const LONGEST_BETWEEN_SAMPLES_MS = 60_000;

/**
 * What the bus has done, and how it is. Everything comes from counters that are there anyway: asking costs threads nothing.
 *
 * `monitoring.enabled: false`: samples are taken only once a minute, so that no counter wraps unseen: rates and percentiles are of up to two
 * minutes then, and nothing is judged unless somebody asks. `healthMonitoring: false`: likewise nothing is judged, nor logged.
 */
export class BusJudge {
  private readonly totals = new ConsumerTotals();
  private readonly samples = new Samples();
  private readonly alerts: StandingAlerts;
  private readonly clock: Clock;
  private readonly sampling: RepeatedTask;
  private readonly judging: RepeatedTask;

  constructor(private readonly parts: BusJudgeParts) {
    const { clock, settings } = parts;
    this.clock = clock.steady();
    this.alerts = new StandingAlerts(clock);
    this.sampling = repeated(clock, this.sampleEveryMs(), () => this.sample());
    this.judging = repeated(clock, settings.monitoring.healthCheckInterval, () => {
      // A shutdown that takes its time is no incident, and ends none.
      if (parts.readings().phase === 'running') this.alerts.log(this.health().alerts);
    });
  }

  /** Begins to look by itself, as `monitoring` says. */
  start(): void {
    const { enabled, healthMonitoring, healthCheckInterval } = this.parts.settings.monitoring;
    void this.sampling.start();
    if (enabled && healthMonitoring) void this.judging.start(healthCheckInterval);
  }

  /** Ends; what it is asked is answered still. */
  async stop(): Promise<void> {
    await Promise.all([this.sampling.stop(), this.judging.stop()]);
    this.alerts.stop();
  }

  /** @see EventSystemMetrics */
  metrics(): EventSystemMetrics {
    const readings = this.parts.readings();
    const now = this.look(readings);
    const { emittedInLanes: emitted, ready, deadLetters } = readings;
    const minuteAgo = this.samples.before(now, MINUTE_MS);
    const rateFrom = this.samples.before(now, RATE_MS);
    // Without a buffer there are no retries, and no dead letters: what failed has ended.
    const ended = now.done + (readings.enabled ? deadLetters.total : now.failed);
    return {
      queueMetrics: {
        size: readings.size,
        utilization: readings.utilization,
        memoryUsage: readings.memoryUsage,
        totalEmitted: readings.emitted,
        totalProcessed: now.done,
        totalFailed: now.failed,
        totalRefused: readings.refused,
        unhandled: readings.unhandled,
        averageProcessingTime: meanOf(this.totals.threads, this.totals.main),
        latency: percentilesOf(grown(minuteAgo.latencies, now.latencies)),
        processing: percentilesOf(grown(minuteAgo.processings, now.processings)),
        perLane: {
          critical: { ready: ready.critical, emitted: emitted[0] },
          normal: { ready: ready.normal, emitted: emitted[1] },
          low: { ready: ready.low, emitted: emitted[2] },
        },
        suspects: ready.suspects,
        inputRate: perSecond(rateFrom, now, (sample) => sample.emitted),
        processingRate: perSecond(rateFrom, now, (sample) => sample.done),
        mainThreadShare: mainThreadShare(now, this.samples),
      },
      retryStats: {
        totalRetries: readings.retries,
        deadLetterQueueSize: deadLetters.kept,
        totalDeadLetters: deadLetters.total,
        deadLettersDropped: deadLetters.dropped,
        successRate: ended === 0 ? 1 : now.done / ended,
        crashes: readings.threads.deaths,
      },
    };
  }

  /** @see WorkerStatistics */
  workers(): WorkerStatistics {
    const readings = this.parts.readings();
    this.look(readings);
    const { threads, consumers } = readings;
    const live = consumers.filter((consumer) => consumer.owner !== MAIN_OWNER && consumer.live);
    const active = live.filter(({ running }) => running > 0).length;
    return {
      totalWorkers: threads.wanted,
      activeWorkers: active,
      idleWorkers: live.length - active,
      averageProcessingTime: meanOf(this.totals.threads),
      totalEventsProcessed: this.totals.threads.done,
      restarts: threads.restarts,
    };
  }

  /** @see HealthCheckResult */
  health(): HealthCheckResult {
    const readings = this.parts.readings();
    const now = this.look(readings);
    const { samples, parts } = this;
    const alerts = this.alerts.noted(findings({ readings, now, samples, settings: parts.settings }));
    return {
      status: alerts[0]?.severity ?? 'healthy',
      activeWorkers: readings.threads.live,
      queueDepth: readings.size,
      processingRate: perSecond(samples.before(now, RATE_MS), now, ({ done }) => done),
      alerts: [...alerts],
    };
  }

  /** How long events waited and runs took, since the start; how long waits took together is estimated from their classes. */
  durations(): { readonly waits: MonitoredDurations; readonly runs: MonitoredDurations } {
    this.look(this.parts.readings());
    const { latencies, processings, threads, main } = this.totals;
    return {
      waits: { classes: [...latencies], sumMs: estimatedSumMs(latencies) },
      runs: { classes: [...processings], sumMs: threads.processingMs + main.processingMs },
    };
  }

  /** What each thread did, the thread of the app included. */
  places(): readonly MonitoredPlace[] {
    const readings = this.parts.readings();
    this.look(readings);
    return readings.consumers.map(({ owner, live, running }) => {
      const { done, failed } = this.totals.of(owner);
      return { owner, isLive: live, running: live ? running : 0, done, failed };
    });
  }

  private sample(): void {
    this.samples.add(this.look(this.parts.readings()));
  }

  private look(readings: BusReadings): Sample {
    const { totals } = this;
    totals.add(readings.consumers);
    const { ready } = readings;
    return {
      at: this.clock.now(),
      emitted: readings.emitted,
      done: totals.threads.done + totals.main.done,
      failed: totals.threads.failed + totals.main.failed,
      dead: readings.deadLetters.total,
      restarts: readings.threads.restarts,
      stalls: readings.threads.stalls,
      busyMs: readings.busyMs,
      latencies: totals.latencies.slice(),
      processings: totals.processings.slice(),
      isWaiting: ready.critical + ready.normal + ready.low + ready.suspects + ready.main > 0,
    };
  }

  private sampleEveryMs(): number {
    const { monitoring, threads } = this.parts.settings;
    const beforeWrap = COUNTER_WRAPS_AT_MS / threads.concurrency / 2;
    const wanted = monitoring.enabled ? monitoring.metricsInterval : LONGEST_BETWEEN_SAMPLES_MS;
    return Math.max(1, Math.min(wanted, LONGEST_BETWEEN_SAMPLES_MS, beforeWrap));
  }
}

/** Mean time of a run, milliseconds; 0 before the first. */
function meanOf(...sums: readonly ConsumerSums[]): number {
  const runs = sums.reduce((sum, { done, failed }) => sum + done + failed, 0);
  const ms = sums.reduce((sum, { processingMs }) => sum + processingMs, 0);
  return runs === 0 ? 0 : rounded(ms / runs);
}

/** A turn now and then; what it throws is nothing that a later one could not mend. */
function repeated(clock: Clock, everyMs: number, turn: () => void): RepeatedTask {
  return new RepeatedTask({
    clock,
    turn: () => {
      turn();
      return Promise.resolve(everyMs);
    },
    failed: () => everyMs,
  });
}
