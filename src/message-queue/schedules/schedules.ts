import { Injectable } from '@nestjs/common';
import type { CronSchedule, EnqueueOptions, IntervalSchedule } from '../admission/job-options.js';
import { ManagedQueues } from '../broker/managed-queues.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import type { ScheduleAction } from '../broker/rules/schedules/schedule-care.js';
import { JobEnqueuer } from '../facade/job-enqueuer.js';
import type { JobReceipt } from '../facade/job-receipt.js';
import { Issues } from '../../kernel/values/issues.js';
import { isRecord, record } from '../../kernel/values/kinds.js';
import { plainText } from '../../kernel/values/plain-text.js';
import { BrokerUnavailableError, EnqueueTimeoutError, InvalidJobOptionsError } from '../jobs/errors.js';
import type { JobNameOf, QueueDefinition } from '../jobs/queue-definition.js';
import { isQueueName } from '../queues/queue-name.js';
import { SCHEDULE_KEY } from './schedule-declaration.js';
import type { SchedulePayload } from './schedule-declaration.js';
import { keyedId } from './schedule-identity.js';
import { findSchedule, noSchedule, runScheduleNow, schedulesOf } from './schedules-of-queue.js';
import type { ScheduleStatus } from './schedule-status.js';

/** When a schedule runs, what tells it apart, and how its runs are added. */
export type UpsertScheduleOptions = (CronSchedule | IntervalSchedule) &
  Pick<
    EnqueueOptions,
    'priority' | 'attempts' | 'timeoutMs' | 'correlationId' | 'metadata' | 'deadlineMs'
  > & {
    /** Tells schedules of one queue apart: 1 to 64 letters, digits, `_` or `-`. Default: the job's name. */
    readonly key?: string;
  };

/** A schedule after `upsert`, and what that did. */
export interface ScheduleReceipt extends ScheduleStatus {
  readonly change: 'created' | 'updated' | 'unchanged';
}

const OPTIONS = record<UpsertScheduleOptions>('{ cron, tz? } or { every }, and what else a schedule has');

/** Options of an add that have no place here. */
const OTHERWISE = { jobId: 'use key', repeat: 'give cron or every itself' };

/**
 * The schedules of the app's queues, whoever made them: `messageQueue.schedules`. Those that code declares, those that
 * hosts add with `repeat`, and those of plain Bull are listed, paused, run and removed alike. Every call rejects with
 * `UnknownQueueError` for a queue that is not registered, and with `BrokerUnavailableError` when Redis is away.
 */
@Injectable()
export class Schedules {
  constructor(
    private readonly queues: ManagedQueues,
    private readonly enqueuer: JobEnqueuer,
  ) {}

  /** The same of other queues. */
  over(queues: ManagedQueues): Schedules {
    return new Schedules(queues, this.enqueuer);
  }

  /**
   * Makes a schedule of a queue, or changes the one with the same key: its next run has the new payload. Runs that were made count
   * against a `limit`, and a paused one stays paused.
   * @throws InvalidPayloadError, InvalidJobOptionsError; the latter also for a key that code declares. BrokerUnavailableError when nothing
   * was changed; EnqueueTimeoutError when that is not known: the same call again is safe
   */
  async upsert<D extends QueueDefinition, N extends JobNameOf<D>>(
    definition: D,
    job: N,
    payload: SchedulePayload<D, N>,
    options: UpsertScheduleOptions,
  ): Promise<ScheduleReceipt> {
    const managed = this.queues.get(definition.name);
    const { key, enqueueOptions } = await this.checked(managed, job, options);
    const given: unknown = payload;
    const isFilled = isQueueName(definition.name) && isRecord(given);
    const full = isFilled ? { createdAt: new Date(managed.broker.now()), ...given } : given;
    const receipt = await this.enqueuer.add(definition.name, job, full, enqueueOptions);
    const status = await this.statusOf(managed, key).catch((cause: unknown) => {
      throw statusUnread(definition.name, job, key, cause);
    });
    return { ...status, change: receipt.schedule ?? 'created' };
  }

  /** Every schedule, by queue and key. @param queue only those of this one */
  async list(queue?: string): Promise<ScheduleStatus[]> {
    const names = queue === undefined ? this.queues.names() : [queue];
    const lists = await Promise.all(names.map((name) => schedulesOf(this.queues.get(name))));
    return lists.flat();
  }

  /** No run begins until it is resumed; one that runs goes on. Runs that come due meanwhile are left out. @throws ScheduleNotFoundError */
  pause(queue: string, key: string): Promise<ScheduleStatus> {
    return this.change(queue, key, 'pause');
  }

  /** Runs begin again, the next one at its time. @throws ScheduleNotFoundError */
  resume(queue: string, key: string): Promise<ScheduleStatus> {
    return this.change(queue, key, 'resume');
  }

  /**
   * Adds a job like those of its runs at once, also while it is paused. It changes nothing about the runs to come, and does not
   * count against a `limit`.
   * @throws ScheduleNotFoundError, QueueFullError
   */
  async runNow(queue: string, key: string): Promise<JobReceipt> {
    return runScheduleNow(this.queues.get(queue), key);
  }

  /**
   * Ends a schedule: its next run goes, one that runs goes on. One that code declares is listed as ended, and comes back
   * when an app that declares it starts.
   * @returns whether there was one
   */
  async remove(queue: string, key: string): Promise<boolean> {
    const managed = this.queues.get(queue);
    return managed.broker.schedulesOf(managed.queue).change(plainText(key), 'remove');
  }

  private async change(queue: string, key: string, action: ScheduleAction): Promise<ScheduleStatus> {
    const managed = this.queues.get(queue);
    const { schedule } = await findSchedule(managed, key);
    await managed.broker.schedulesOf(managed.queue).change(schedule.key, action);
    return this.statusOf(managed, key);
  }

  private async checked(
    managed: ManagedQueue,
    job: string,
    options: UpsertScheduleOptions,
  ): Promise<{ readonly key: string; readonly enqueueOptions: EnqueueOptions }> {
    const { name: queue } = managed.definition;
    const place = { queue, job: plainText(job) };
    const issues = new Issues();
    const isObject = issues.check('options', options, OPTIONS);
    const given: Partial<UpsertScheduleOptions> = isObject ? options : {};
    const { key = job, ...others } = given;
    for (const [name, instead] of Object.entries(OTHERWISE)) {
      issues.unless(!Object.hasOwn(others, name), name, `is not an option of a schedule; ${instead}`);
    }
    if (issues.check('key', key, SCHEDULE_KEY)) {
      const looks = await managed.broker.schedulesOf(managed.queue).look();
      const isDeclared = looks.some(
        ({ schedule }) => schedule.key === key && schedule.record?.isDeclared === true,
      );
      const declared =
        'belongs to a schedule that is declared where the queue is registered; change it there, or use another key';
      issues.unless(!isDeclared, 'key', declared);
    }
    issues.throwIfAny(InvalidJobOptionsError, `A schedule of queue "${queue}" cannot be made:`, place);
    const { cron, tz, every, startDate, endDate, limit, ...enqueueOptions } = others;
    const times = Object.entries({ cron, tz, every, startDate, endDate, limit });
    const kept = Object.fromEntries(times.filter(([, value]) => value !== undefined));
    const repeat = kept as unknown as EnqueueOptions['repeat'];
    return { key, enqueueOptions: { ...enqueueOptions, repeat, jobId: keyedId(key) } };
  }

  private async statusOf(managed: ManagedQueue, key: string): Promise<ScheduleStatus> {
    const list = await schedulesOf(managed);
    const found = list.find((one) => one.key === key);
    if (found === undefined) {
      const keys = list.map((one) => one.key);
      throw noSchedule(managed.definition.name, key, keys);
    }
    return found;
  }
}

/** The schedule stands, and Redis was lost before it was read. */
function statusUnread(queue: string, job: string, key: string, cause: unknown): unknown {
  if (!(cause instanceof BrokerUnavailableError)) return cause;
  return new EnqueueTimeoutError(
    `Schedule "${key}" of queue "${queue}" was stored, and what became of it could not be read: repeating the same call is safe. ${cause.message}`,
    { queue, job, cause },
  );
}
