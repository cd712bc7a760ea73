import type { ManagedQueues } from './broker/managed-queues.js';
import { ScheduleNotFoundError } from './jobs/errors.js';
import type { Fleet } from './monitoring/activity/fleet.js';
import type { Histories } from './monitoring/activity/histories.js';
import type { HistoryQuery, QueueHistory } from './monitoring/activity/queue-history.js';
import type { WorkerStatus } from './monitoring/activity/worker-status.js';
import type { AlertStatus } from './monitoring/alerts/alert-status.js';
import type { Alerts } from './monitoring/alerts/alerts.js';
import type { QueueHealth } from './monitoring/queue-health.js';
import type { QueueMonitor } from './monitoring/queue-monitor.js';
import type { QueueMetrics, QueueSummary } from './monitoring/queue-stats.js';
import { plainText } from '../kernel/values/plain-text.js';
import type { ScheduleStatus } from './schedules/schedule-status.js';
import type { Schedules } from './schedules/schedules.js';
import type { JobReceipt } from './facade/job-receipt.js';

/** What is asked about all processes. */
export interface FleetParts {
  readonly queues: ManagedQueues;
  readonly monitor: QueueMonitor;
  readonly fleet: Fleet;
  readonly histories: Histories;
  readonly alerts: Alerts;
  readonly schedules: Schedules;
}

/** What a host asks of its queues and of the processes that work on them: the answers are the same from every process. */
export abstract class FleetCalls {
  readonly #parts: FleetParts;
  /** The schedules of all queues: made or changed, listed, paused, run at once, removed. */
  readonly schedules: Schedules;
  /** The alerts of the fleet: listed, muted. */
  readonly alerts: Alerts;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.schedules = parts.schedules;
    this.alerts = parts.alerts;
  }

  /** Counts and rates of every queue, and totals. @throws BrokerUnavailableError when it does not answer within 2 s */
  getQueueMetrics(): Promise<QueueMetrics> {
    return this.#parts.monitor.metrics();
  }

  /** healthy, degraded or unhealthy, and why. Rejects for an unknown queue only. */
  getQueueHealth(queue: string): Promise<QueueHealth> {
    return this.#parts.monitor.health(queue);
  }

  /** One queue, or all together, in plain numbers. @throws BrokerUnavailableError when it does not answer within 2 s */
  getQueueStats(queue?: string): Promise<QueueSummary> {
    return this.#parts.monitor.summary(queue);
  }

  /**
   * What a queue did, step by step, up to this moment. Default: the last 6 hours, minute by minute, all job names together.
   * @throws UnknownQueueError, InvalidJobOptionsError, BrokerUnavailableError when it does not answer
   */
  async getQueueHistory(queue: string, query?: HistoryQuery): Promise<QueueHistory> {
    return this.#parts.histories.read(this.#parts.queues.get(queue), query);
  }

  /** Every process that registered queues and lives, or vanished within the last 10 minutes. @throws BrokerUnavailableError within 2 s */
  listWorkers(): Promise<readonly WorkerStatus[]> {
    return this.#parts.fleet.workers();
  }

  /** Every alert of the fleet that is or was wrong, the worst first. @throws BrokerUnavailableError as {@link Alerts.list} */
  listAlerts(): Promise<readonly AlertStatus[]> {
    return this.alerts.list();
  }

  /** Every schedule, by queue and key. @throws BrokerUnavailableError when Redis is away */
  listSchedules(): Promise<readonly ScheduleStatus[]> {
    return this.schedules.list();
  }

  /**
   * Adds a job like those of a schedule's runs at once; its plan stays.
   * @param id `<queue>|<key>`
   * @param by who wants it: noted where people see what was done
   * @throws ScheduleNotFoundError, QueueFullError, BrokerUnavailableError
   */
  async runScheduleNow(id: string, by = 'app'): Promise<JobReceipt> {
    const { queue, key } = this.placeOf(id);
    const receipt = await this.schedules.runNow(queue, key);
    const entry = { by, action: 'run-schedule', target: id, filter: null, count: 1, reason: null } as const;
    // The job is there, whether or not somebody can be told.
    const { activity } = this.#parts.queues.get(queue).broker;
    await activity.note({ ...entry, outcome: 'done', via: 'app' }).catch(() => undefined);
    return receipt;
  }

  /** Names of queues and keys may hold a bar too: the longest queue that fits is meant. */
  private placeOf(id: string): { readonly queue: string; readonly key: string } {
    const text = plainText(id);
    const fitting = this.#parts.queues.names().filter((name) => text.startsWith(`${name}|`));
    const [queue] = fitting.sort((a, b) => b.length - a.length);
    if (queue !== undefined) return { queue, key: text.slice(queue.length + 1) };
    throw new ScheduleNotFoundError(
      `${JSON.stringify(text)} is the id of no schedule; it is "<queue>|<key>".`,
    );
  }
}
