import { Inject, Injectable, Optional } from '@nestjs/common';
import { refusesAll } from '../broker/broker.js';
import type { Broker, ServerReport, UnknownJobs } from '../broker/broker.js';
import { ManagedQueues } from '../broker/managed-queues.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import { EventsBeside } from '../../kernel/monitored/events-beside.js';
import { Clock } from '../../kernel/time/clock.js';
import { PublicationSeal } from '../ports/privacy/publication-seal.js';
import { Fleet } from './activity/fleet.js';
import { ProcessWatch } from './activity/process-watch.js';
import { RingKeyWatch } from '../privacy/keys/ring-key-watch.js';
import { byQueueName, toStats, totalsOf } from './queue-figures.js';
import { statusOf, worstFirst } from './health-reasons.js';
import { queueReasons } from './rules/health-rules.js';
import { reasonsBesideQueues } from './rules/reasons-beside-queues.js';
import { sealingReasons } from './rules/sealing-rules.js';
import { ANSWER_TIMEOUT_MS, NONE_UNKNOWN, SeenQueues } from './seen-queues.js';
import type { SeenQueue } from './seen-queues.js';
import { spooledJobs, spoolReasons } from './spooled-jobs.js';
import { UnpluggedPorts } from './unplugged-ports.js';
import { deadSchedules } from './rules/dead-schedules.js';
import { HEALTH_DEFAULTS } from './health-thresholds.js';
import type { HealthThresholds } from './health-thresholds.js';
import type { HealthReason, OverallHealth, QueueHealth } from './queue-health.js';
import { askServer, serverReasons, unreadableCounts } from './rules/server-rules.js';
import type { QueueMetrics, QueueStats, QueueSummary } from './queue-stats.js';

/** Injection token of `Partial<HealthThresholds>`. */
export const HEALTH_THRESHOLDS = Symbol.for('nestjs-message-queue:health-thresholds');

/**
 * Counts, rates and health of the queues: those of all processes together, and the same whichever process is asked. What is of one
 * process alone says so.
 */
@Injectable()
export class QueueMonitor {
  private readonly thresholds: HealthThresholds;
  private seenQueues: SeenQueues;

  constructor(
    private readonly queues: ManagedQueues,
    private readonly fleet: Fleet,
    private readonly watch: ProcessWatch,
    private readonly clock: Clock,
    @Optional() @Inject(HEALTH_THRESHOLDS) thresholds?: Partial<HealthThresholds>,
    @Optional() private readonly ports?: UnpluggedPorts,
    @Optional() private readonly keys?: RingKeyWatch,
    @Optional() private readonly publications?: PublicationSeal,
    @Optional() private readonly events?: EventsBeside,
  ) {
    this.thresholds = { ...HEALTH_DEFAULTS, ...thresholds };
    this.seenQueues = new SeenQueues(fleet, watch);
  }

  /** The same over other queues, for those who look again and again: what they see may be a second old. */
  sharedOver(queues: ManagedQueues): QueueMonitor {
    const { fleet, watch, clock, thresholds, ports, keys, publications, events } = this;
    const parts = [thresholds, ports, keys, publications, events] as const;
    const monitor = new QueueMonitor(queues, fleet, watch, clock, ...parts);
    monitor.seenQueues = new SeenQueues(fleet, watch, true);
    return monitor;
  }

  /** All queues. @throws BrokerUnavailableError when it does not answer within 2 s */
  async metrics(): Promise<QueueMetrics> {
    const names = this.queues.names();
    const stats = await this.statsOf(names);
    return {
      queues: byQueueName(names, stats),
      totals: totalsOf(stats),
      spooled: spooledJobs(this.fleet.brokers()),
      socketUnopened: this.publications?.unopened().count ?? 0,
      timestamp: new Date(this.clock.now()),
    };
  }

  /** One queue. @throws UnknownQueueError, BrokerUnavailableError when it does not answer within 2 s */
  async stats(name: string): Promise<QueueStats> {
    this.queues.get(name);
    const [stats] = await this.statsOf([name]);
    return stats as QueueStats;
  }

  /** One queue, or all together, in plain numbers. @throws UnknownQueueError, BrokerUnavailableError */
  async summary(name?: string): Promise<QueueSummary> {
    const names = name === undefined ? this.queues.names() : [this.queues.get(name).definition.name];
    const [seen, health] = await Promise.all([this.lookAt(names), this.healthOfAll(names)]);
    const stats = seen.map((one) => this.figures(one, NONE_UNKNOWN));
    const { waiting, active, failed, delayed, paused } = totalsOf(stats);
    const completed = seen.reduce(
      (sum, { look, managed }) => sum + (look.totals.get(managed.definition.name)?.completed ?? 0),
      0,
    );
    const attempts = stats.reduce((total, queue) => total + queue.attempts, 0);
    const spentMs = stats.reduce((total, queue) => total + queue.attempts * (queue.avgProcessingMs ?? 0), 0);
    return {
      totalMessages: waiting + active + completed + failed + delayed + paused,
      pendingMessages: waiting + delayed + paused,
      processingMessages: active,
      completedMessages: completed,
      failedMessages: failed,
      avgProcessingTime: attempts === 0 ? 0 : Math.round((spentMs / attempts) * 10) / 10,
      p95ProcessingTime: Math.max(0, ...stats.map((queue) => queue.p95ProcessingMs ?? 0)),
      queues: names,
      provider: this.queues.get(names[0] ?? '').broker.provider,
      healthy: health.every((queue) => queue.healthy),
    };
  }

  /** The health of one queue. Rejects only for a name that is not registered. @throws UnknownQueueError */
  async health(name: string): Promise<QueueHealth> {
    const managed = this.queues.get(name);
    return this.healthOf(managed, await askServer(managed.broker));
  }

  /** The health of all queues. Never rejects. */
  async overallHealth(): Promise<OverallHealth> {
    const names = this.queues.names();
    const brokers = this.fleet.brokers();
    const [health, reasons] = await Promise.all([
      this.healthOfAll(names),
      reasonsBesideQueues(
        brokers,
        this.watch,
        this.keys,
        this.publications,
        this.events?.get() ?? null,
        ANSWER_TIMEOUT_MS,
      ),
    ]);
    const status = statusOf([...reasons, ...health.flatMap((queue) => queue.reasons)]);
    return {
      status,
      healthy: status !== 'unhealthy',
      reasons,
      queues: byQueueName(
        health.map(({ queue }) => queue),
        health,
      ),
      breakers: this.watch.statuses(),
      socketUnopened: this.publications?.unopened().count ?? 0,
      timestamp: new Date(this.clock.now()),
    };
  }

  /**
   * Somebody has dealt with the jobs that Redis lost (`DATA_LOST`): health is well again, in every process.
   * @returns whether any had been lost
   * @throws the error of the broker when it does not answer
   */
  async acknowledgeLoss(): Promise<boolean> {
    const had = await Promise.all(this.fleet.brokers().map((broker) => broker.acknowledgeLoss()));
    return had.includes(true);
  }

  private async statsOf(names: readonly string[]): Promise<QueueStats[]> {
    const seen = await this.lookAt(names);
    return Promise.all(seen.map(async (one) => this.figures(one, await this.seenQueues.unknown(one))));
  }

  /** One look at each broker, whatever the number of queues. */
  private lookAt(names: readonly string[]): Promise<SeenQueue[]> {
    return Promise.all(names.map((name) => this.seenQueues.see(this.queues.get(name))));
  }

  private figures({ managed, ...seen }: SeenQueue, unknown: UnknownJobs): QueueStats {
    return toStats({ ...seen, queue: managed.definition.name, unknown });
  }

  /** Asks each server once, whatever the number of queues. */
  private healthOfAll(names: readonly string[]): Promise<QueueHealth[]> {
    const servers = new Map<Broker, Promise<ServerReport>>();
    return Promise.all(
      names.map(async (name) => {
        const managed = this.queues.get(name);
        const server = servers.get(managed.broker) ?? askServer(managed.broker);
        servers.set(managed.broker, server);
        return this.healthOf(managed, await server);
      }),
    );
  }

  private async healthOf(managed: ManagedQueue, server: ServerReport): Promise<QueueHealth> {
    const { definition } = managed;
    const breakers = this.watch.statuses();
    const reasons = [
      ...serverReasons(server, this.thresholds),
      ...spoolReasons(managed.broker),
      ...sealingReasons(managed),
    ];
    let stats: QueueStats | null = null;
    if (server.reachable && !refusesAll(server)) {
      try {
        const { seen, isIdle } = await this.seenQueues.seeTwice(managed, this.thresholds.noProgressMs);
        stats = this.figures(seen, await this.seenQueues.unknown(seen));
        // With a key of a wrong type nothing else is known.
        if (seen.snapshot.wrongKeys.length === 0) {
          reasons.push(...(await deadSchedules(managed, ANSWER_TIMEOUT_MS)));
        }
        reasons.push(...this.reasonsOf(seen, stats, isIdle));
      } catch (error) {
        reasons.push(unreadableCounts(definition.name, error));
      }
    }
    const status = statusOf(reasons);
    return {
      queue: definition.name,
      status,
      healthy: status !== 'unhealthy',
      reasons: worstFirst(reasons),
      stats,
      breakers,
      server,
      unsealedJobs: definition.seal?.status().unsealedJobs ?? 0,
      spooled: managed.broker.spooled,
      timestamp: new Date(this.clock.now()),
    };
  }

  private reasonsOf({ managed, ...seen }: SeenQueue, stats: QueueStats, isIdle: boolean): HealthReason[] {
    const { definition } = managed;
    const { look, snapshot, sight } = seen;
    const { name } = definition;
    const breakers = this.watch.statuses();
    const elsewhere = this.fleet.elsewhere(look, name);
    // Ports are those of this process: a queue that only others have uses none.
    const unplugged = definition.ports === undefined ? [] : (this.ports?.of(name) ?? []);
    const { unknown } = stats;
    const evidence = { definition, snapshot, unknown, recent: stats, sight, elsewhere, breakers, unplugged };
    return queueReasons({ ...evidence, now: look.at, isIdle }, this.thresholds);
  }
}
