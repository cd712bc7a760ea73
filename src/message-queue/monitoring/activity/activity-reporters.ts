import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import type { RepeatedLines } from '../../../kernel/logging/repeated-lines.js';
import type { Clock, ClockTimer } from '../../../kernel/time/clock.js';
import { settlesWithin } from '../../../kernel/time/settles-within.js';
import type { ActivitySeries, Heartbeat } from '../../broker/activity-store.js';
import type { Broker } from '../../broker/broker.js';
import type { ManagedQueue, ManagedQueues } from '../../broker/managed-queues.js';
import type { ProcessActivity } from '../../jobs/activity/process-activity.js';
import { runsOf, waitsOf } from '../../jobs/activity/durations.js';
import { ACTIVITY_COUNTERS, COUNTER_AT } from '../../jobs/activity/activity-record.js';
import type { ActivityCounter } from '../../jobs/activity/activity-record.js';
import { BrokerUnavailableError } from '../../jobs/errors.js';
import type { JobEvents } from '../../jobs/events/job-events.js';
import { ActivityReporter } from './activity-reporter.js';
import { announced } from './heartbeats.js';
import type { Heartbeats, SlotSource } from './heartbeats.js';

/** How much earlier or later than `flushMs` a flush may come, so that processes that start together do not go on together. */
const JITTER = 0.2;
/** How long a stop waits for the last flush and the good-bye of a broker that may be away, milliseconds. */
const LAST_FLUSH_MS = 500;

/** What the reporters of an app depend on. */
export interface ActivityReportersParts {
  readonly queues: ManagedQueues;
  readonly activity: ProcessActivity;
  readonly heartbeats: Heartbeats;
  readonly events: JobEvents;
  readonly clock: Clock;
  readonly lines: RepeatedLines;
  readonly flushMs: number;
}

interface Reporting {
  readonly reporter: ActivityReporter;
  timer: ClockTimer | null;
  isOn: boolean;
  /** When it last began to tell, by the broker's clock; null before the first time. */
  toldAt: number | null;
}

/** Tells each broker of the app, every few seconds and before it is asked, what this process did. Never in a job's way: whatever fails, jobs go on. */
export class ActivityReporters {
  private readonly logger = new SafeLogger('Activity');
  private readonly all = new Map<Broker, Reporting>();

  constructor(private readonly parts: ActivityReportersParts) {}

  /** This process, by its id among all of them. */
  get instance(): string {
    return this.parts.heartbeats.id;
  }

  /** Begins, for every broker with queues. @param slotsOf what this process works on */
  start(slotsOf: SlotSource): void {
    this.parts.heartbeats.slotsOf = slotsOf;
    this.parts.heartbeats.lag.start();
    for (const broker of this.brokers()) {
      const reporting = this.of(broker);
      if (reporting.isOn) continue;
      reporting.isOn = true;
      void this.turn(broker, reporting);
    }
  }

  /** From now on only `flush` tells anything: for tests, which move the time themselves. */
  hold(): void {
    for (const reporting of this.all.values()) this.halt(reporting);
  }

  /** Tells one broker everything that was counted until now. @throws what its store throws */
  async flush(broker: Broker): Promise<void> {
    const reporting = this.of(broker);
    reporting.toldAt = broker.now();
    await reporting.reporter.flush();
  }

  /** The same for all of them. Never rejects. */
  async flushAll(): Promise<void> {
    await Promise.allSettled(this.brokers().map((broker) => this.flush(broker)));
  }

  /** Whether something was counted that a broker has not confirmed, or it should have heard by now that this process lives. */
  isBehind(broker: Broker): boolean {
    const { toldAt, reporter } = this.of(broker);
    const isDue = toldAt === null || Math.abs(broker.now() - toldAt) > this.parts.flushMs * (1 + JITTER);
    return isDue || reporter.isBehind;
  }

  /** What this process says to a broker of itself. */
  heartbeat(broker: Broker): Heartbeat {
    return this.parts.heartbeats.of(broker, this.queuesOf(broker));
  }

  /** The last flush, then good-bye. To be called before the broker closes. Never rejects, and takes half a second at most. */
  async leave(broker: Broker): Promise<void> {
    const reporting = this.all.get(broker);
    if (reporting === undefined) return;
    this.halt(reporting);
    this.parts.heartbeats.lag.stop();
    if (reporting.toldAt === null) return;
    const left = reporting.reporter
      .flush()
      .catch(() => undefined)
      .then(() => broker.activity.leave(this.parts.heartbeats.id));
    await settlesWithin(left, LAST_FLUSH_MS);
  }

  private halt(reporting: Reporting): void {
    reporting.isOn = false;
    reporting.timer?.cancel();
    reporting.timer = null;
  }

  private async turn(broker: Broker, reporting: Reporting): Promise<void> {
    try {
      await this.flush(broker);
    } catch (error) {
      // Who is away is told of by the connections.
      if (!(error instanceof BrokerUnavailableError)) this.tell(error);
    }
    if (!reporting.isOn) return;
    const { clock, flushMs } = this.parts;
    const delayMs = flushMs * (1 - JITTER + 2 * JITTER * Math.random());
    reporting.timer = clock.setTimer(() => void this.turn(broker, reporting), delayMs);
  }

  private tell(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const line = `What happened to jobs could not be kept, and is sent again: ${why}. No job is affected.`;
    this.parts.lines.add({
      kind: 'activity',
      write: () => this.logger.warn(line),
      sum: ({ count, seconds }) => this.logger.warn(`${count} more times in ${seconds} s: ${line}`),
    });
  }

  private of(broker: Broker): Reporting {
    const known = this.all.get(broker);
    if (known !== undefined) return known;
    const reporter = new ActivityReporter({
      store: broker.activity,
      series: () => this.seriesOf(broker),
      heartbeat: () => this.heartbeat(broker),
      announced: () => this.queuesOf(broker).map(({ definition }) => announced(definition)),
      onFlushed: (series, at) => this.tellHosts(series, at),
    });
    const reporting = { reporter, timer: null, isOn: false, toldAt: null };
    this.all.set(broker, reporting);
    return reporting;
  }

  private seriesOf(broker: Broker): ProcessActivity['series'] {
    const names = new Set(this.queuesOf(broker).map(({ definition }) => definition.name));
    return this.parts.activity.series.filter(({ queue }) => names.has(queue));
  }

  private queuesOf(broker: Broker): readonly ManagedQueue[] {
    return this.everyQueue().filter((managed) => managed.broker === broker);
  }

  private brokers(): readonly Broker[] {
    return [...new Set(this.everyQueue().map(({ broker }) => broker))];
  }

  private everyQueue(): readonly ManagedQueue[] {
    const { queues } = this.parts;
    return queues.names().map((name) => queues.get(name));
  }

  private tellHosts(series: readonly ActivitySeries[], at: number): void {
    const { events } = this.parts;
    if (!events.has('metrics')) return;
    events.emit('metrics', {
      at,
      series: series.map(({ queue, job, record }) => ({
        ...{ queue, job, waitMs: waitsOf(record), runMs: runsOf(record) },
        counts: Object.fromEntries(
          ACTIVITY_COUNTERS.map((counter) => [counter, record[COUNTER_AT[counter]] as number]),
        ) as Record<ActivityCounter, number>,
      })),
    });
  }
}
