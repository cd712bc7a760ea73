import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { refusesAll } from '../broker/broker.js';
import type { Broker, QueueSnapshot, ServerReport, UnknownJobs } from '../broker/broker.js';
import { ManagedQueues } from '../broker/managed-queues.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import { answeredWithin } from '../../kernel/time/answered-within.js';
import { HostCode } from '../../kernel/host/host-code.js';
import { Clock } from '../../kernel/time/clock.js';
import { BrokerUnavailableError } from '../jobs/errors.js';
import { CircuitBreakers } from '../ports/circuit-breakers.js';
import type { BreakerStatus } from '../ports/circuit-breakers.js';
import { PublicationSeal } from '../ports/privacy/publication-seal.js';
import { ActivityRecorder } from './activity-recorder.js';
import type { QueueActivity } from './activity-recorder.js';
import { RingKeyWatch } from '../privacy/keys/ring-key-watch.js';
import { byQueueName, toStats, totalsOf } from './queue-figures.js';
import { statusOf, worstFirst } from './health-reasons.js';
import { queueReasons } from './rules/health-rules.js';
import { looksIdle } from './rules/idleness.js';
import { reasonsBesideQueues } from './rules/reasons-beside-queues.js';
import { sealingReasons } from './rules/sealing-rules.js';
import { spooledJobs, spoolReasons } from './spooled-jobs.js';
import { UnpluggedPorts } from './unplugged-ports.js';
import { deadSchedules } from './rules/dead-schedules.js';
import { HEALTH_DEFAULTS } from './health-thresholds.js';
import type { HealthThresholds } from './health-thresholds.js';
import type { OverallHealth, QueueHealth } from './queue-health.js';
import { askServer, serverReasons, unreadableCounts } from './rules/server-rules.js';
import type { QueueMetrics, QueueStats, QueueSummary } from './queue-stats.js';

/** Injection token of `Partial<HealthThresholds>`. */
export const HEALTH_THRESHOLDS = Symbol.for('nestjs-message-queue:health-thresholds');

/** How long a broker may take to answer, milliseconds. */
const ANSWER_TIMEOUT_MS = 2_000;
const NONE_UNKNOWN: UnknownJobs = { count: 0, kinds: [] };
/** How long a queue that looks idle is watched before it is called so, milliseconds. */
const SECOND_LOOK_MS = 200;

/** Counts, rates and health of the queues. Its figures about attempts cover this process only. */
@Injectable()
export class QueueMonitor {
  private readonly thresholds: HealthThresholds;

  constructor(
    private readonly queues: ManagedQueues,
    private readonly activity: ActivityRecorder,
    private readonly breakers: CircuitBreakers,
    private readonly clock: Clock,
    @Optional() @Inject(HEALTH_THRESHOLDS) thresholds?: Partial<HealthThresholds>,
    @Optional() private readonly ports?: UnpluggedPorts,
    @Optional() private readonly host: HostCode = new HostCode(),
    @Optional() private readonly keys?: RingKeyWatch,
    @Optional() private readonly publications?: PublicationSeal,
  ) {
    this.thresholds = { ...HEALTH_DEFAULTS, ...thresholds };
  }

  /** All queues. @throws BrokerUnavailableError when it does not answer within 2 s */
  async metrics(): Promise<QueueMetrics> {
    const names = this.queues.names();
    const stats = await this.allStats(names);
    return {
      queues: byQueueName(names, stats),
      totals: totalsOf(stats),
      spooled: spooledJobs(names.map((name) => this.queues.get(name).broker)),
      socketUnopened: this.publications?.unopened().count ?? 0,
      timestamp: new Date(this.clock.now()),
    };
  }

  /** One queue. @throws UnknownQueueError, BrokerUnavailableError when it does not answer within 2 s */
  async stats(name: string): Promise<QueueStats> {
    const managed = this.queues.get(name);
    const snapshot = await this.snapshot(managed);
    const unknown = await this.unknown(managed, snapshot);
    return toStats(snapshot, unknown, this.activity.of(name), managed.broker.now());
  }

  /** One queue, or all together, in plain numbers. @throws UnknownQueueError, BrokerUnavailableError */
  async summary(name?: string): Promise<QueueSummary> {
    const names = name === undefined ? this.queues.names() : [name];
    const [stats, health] = await Promise.all([this.allStats(names), this.healthOfAll(names)]);
    const { waiting, active, completed, failed, delayed, paused } = totalsOf(stats);
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
    const brokers = new Set(names.map((name) => this.queues.get(name).broker));
    const [health, reasons] = await Promise.all([
      this.healthOfAll(names),
      reasonsBesideQueues(brokers, this.keys, this.publications, ANSWER_TIMEOUT_MS),
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
      breakers: this.breakerStatuses(),
      socketUnopened: this.publications?.unopened().count ?? 0,
      timestamp: new Date(this.clock.now()),
    };
  }

  /** A host may have plugged in breakers of its own. */
  private breakerStatuses(): readonly BreakerStatus[] {
    return this.host.ask('CircuitBreakers.statuses()', undefined, () => this.breakers.statuses(), []);
  }

  /**
   * Somebody has dealt with the jobs that Redis lost (`DATA_LOST`): health is well again, in every process.
   * @returns whether any had been lost
   * @throws the error of the broker when it does not answer
   */
  async acknowledgeLoss(): Promise<boolean> {
    const brokers = new Set(this.queues.names().map((name) => this.queues.get(name).broker));
    const had = await Promise.all([...brokers].map((broker) => broker.acknowledgeLoss()));
    return had.includes(true);
  }

  private allStats(names: readonly string[]): Promise<QueueStats[]> {
    return Promise.all(names.map((name) => this.stats(name)));
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
    const breakers = this.breakerStatuses();
    const reasons = [
      ...serverReasons(server, this.thresholds),
      ...spoolReasons(managed.broker),
      ...sealingReasons(managed),
    ];
    let stats: QueueStats | null = null;
    if (server.reachable && !refusesAll(server)) {
      try {
        const activity = this.activity.of(definition.name);
        const { snapshot, isIdle } = await this.lookTwice(managed, activity);
        const unknown = await this.unknown(managed, snapshot);
        const now = managed.broker.now();
        stats = toStats(snapshot, unknown, activity, now);
        const unplugged = this.ports?.of(definition.name) ?? [];
        // With a key of a wrong type nothing else is known.
        if (snapshot.wrongKeys.length === 0) {
          reasons.push(...(await deadSchedules(managed, ANSWER_TIMEOUT_MS)));
        }
        reasons.push(
          ...queueReasons(
            { definition, snapshot, unknown, activity, breakers, now, isIdle, unplugged },
            this.thresholds,
          ),
        );
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

  /** A job that was added long ago may have been waiting only for a moment, after a delay: a single reading cannot tell. */
  private async lookTwice(
    managed: ManagedQueue,
    { movedMsAgo }: QueueActivity,
  ): Promise<{ snapshot: QueueSnapshot; isIdle: boolean }> {
    const { noProgressMs } = this.thresholds;
    const since = managed.broker.now() - noProgressMs;
    const snapshot = await this.snapshot(managed);
    if ((movedMsAgo ?? noProgressMs) < noProgressMs || !looksIdle(snapshot, since)) {
      return { snapshot, isIdle: false };
    }
    await pause(SECOND_LOOK_MS, undefined, { ref: false });
    const again = await this.snapshot(managed);
    const stood = again.oldestWaitingAt === snapshot.oldestWaitingAt && again.waiting >= snapshot.waiting;
    return { snapshot: again, isIdle: stood && looksIdle(again, since) };
  }

  private async snapshot({ broker, queue, definition }: ManagedQueue): Promise<QueueSnapshot> {
    const { name } = definition;
    const message = `The ${broker.provider} broker did not return the counts of "${name}" within ${ANSWER_TIMEOUT_MS} ms.`;
    const tooLate = (): Error => new BrokerUnavailableError(message, { queue: name });
    return answeredWithin(broker.snapshot(queue), ANSWER_TIMEOUT_MS, tooLate);
  }

  /** Jobs that no worker knows. Their kinds are worth a question only where there are any, and not an answer that fails. */
  private async unknown(
    { broker, queue }: ManagedQueue,
    { unknown: count }: QueueSnapshot,
  ): Promise<UnknownJobs> {
    if (count === 0) return NONE_UNKNOWN;
    const tooLate = (): Error => new Error('no answer');
    return answeredWithin(broker.readUnknown(queue), ANSWER_TIMEOUT_MS, tooLate).catch(() => ({
      count,
      kinds: [],
    }));
  }
}
