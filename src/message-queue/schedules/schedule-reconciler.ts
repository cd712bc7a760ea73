import { Inject, Injectable } from '@nestjs/common';
import type { JobInformation } from 'bull';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import { ManagedQueues } from '../broker/managed-queues.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import { JobEnqueuer } from '../facade/job-enqueuer.js';
import { Clock } from '../../kernel/time/clock.js';
import { RepeatedTask } from '../../kernel/time/repeated-task.js';
import { InvalidConfigurationError } from '../../kernel/errors.js';
import type { Issue } from '../../kernel/errors.js';
import { settlesWithin } from '../../kernel/time/settles-within.js';
import type { MessageQueueConfig } from '../message-queue.options.js';
import { MESSAGE_QUEUE_CONFIG } from '../message-queue.tokens.js';
import { isQueueName } from '../queues/queue-name.js';
import type { DeclaredSchedule } from './schedule-declaration.js';
import { declaredKeyOf, pendingJobId, scheduleId } from './schedule-identity.js';
import type { RepeatEntry } from './schedule-identity.js';

/** What one pass over the schedules changed. */
export interface ReconcileReport {
  readonly added: number;
  readonly removed: number;
}

const LOOK_EVERY_MS = 60_000;
/** After a failed pass. */
const RETRY_MS = 5_000;
const STOP_TIMEOUT_MS = 500;

/**
 * Makes the schedules in Bull's `repeat` sets fit the declared ones, at start and once a minute. Schedules that hosts
 * added themselves are left alone. Any number of processes may do it at once: adding one again is the same schedule.
 *
 * At start everything that is declared differently is removed. Later passes only put back what was lost, and remove again what the
 * start removed: during a rolling deploy an older process must not undo what a newer one declared.
 */
@Injectable()
export class ScheduleReconciler {
  private readonly logger = new SafeLogger('Schedules');
  /** Repeat keys that the start removed. */
  private readonly outdated = new Set<string>();
  private readonly task: RepeatedTask;
  private hasTakenOver = false;

  constructor(
    private readonly queues: ManagedQueues,
    private readonly enqueuer: JobEnqueuer,
    private readonly clock: Clock,
    @Inject(MESSAGE_QUEUE_CONFIG) private readonly config: MessageQueueConfig,
  ) {
    this.task = new RepeatedTask({
      clock,
      turn: () => this.look(),
      failed: (error) => {
        this.logger.warn(`Schedules could not be checked; trying again in 5 s: ${textOf(error)}`);
        return RETRY_MS;
      },
    });
  }

  /** @throws InvalidConfigurationError naming every declared payload that its job would refuse */
  async check(): Promise<void> {
    const issues: Issue[] = [];
    for (const schedule of this.config.schedules) {
      try {
        const { queue, job, repeat } = schedule;
        await this.enqueuer.check(queue, job, this.payloadOf(schedule), { repeat });
      } catch (error) {
        const { queue, key } = schedule;
        issues.push({ path: `schedules (${queue}, ${key})`, message: textOf(error) });
      }
    }
    if (issues.length === 0) return;
    throw new InvalidConfigurationError('The message queue cannot start: schedules are wrong.', issues);
  }

  /** Makes the schedules fit, and keeps looking after them. Never rejects: what fails is tried again. */
  start(): Promise<void> {
    return this.task.start();
  }

  /** Ends the passes, and waits briefly for the one under way. */
  async stop(): Promise<void> {
    await settlesWithin(this.task.stop(), STOP_TIMEOUT_MS);
  }

  /** One pass over every queue. */
  async reconcile(): Promise<ReconcileReport> {
    let added = 0;
    let removed = 0;
    for (const name of this.queues.names()) {
      const managed = this.queues.get(name);
      const declared = this.config.schedules.filter(({ queue }) => queue === name);
      const wanted = new Map(
        declared.map((schedule) => [scheduleId(schedule, managed.definition), schedule]),
      );
      removed += await this.removeOutdated(managed, wanted);
      for (const [id, schedule] of wanted) if (await this.keepUp(managed, id, schedule)) added += 1;
    }
    this.hasTakenOver = true;
    return { added, removed };
  }

  private async removeOutdated(
    { queue }: ManagedQueue,
    wanted: ReadonlyMap<string, DeclaredSchedule>,
  ): Promise<number> {
    const entries = ours(await queue.getRepeatableJobs(0, -1));
    const present = new Set(entries.map(({ id }) => id));
    let removed = 0;
    for (const entry of entries) {
      if (wanted.has(entry.id) || !this.mustGo(entry, wanted, present)) continue;
      await queue.removeRepeatableByKey(entry.key);
      this.outdated.add(entry.key);
      removed += 1;
    }
    return removed;
  }

  private mustGo(
    { id, key }: RepeatEntry,
    wanted: ReadonlyMap<string, DeclaredSchedule>,
    present: ReadonlySet<string>,
  ): boolean {
    if (!this.hasTakenOver) return true;
    const mine = [...wanted.keys()].find((wantedId) => declaredKeyOf(wantedId) === declaredKeyOf(id));
    if (mine === undefined) return this.outdated.has(key);
    // Without mine, a process that started later has replaced it. With both, two started at once: the same one stays for both.
    return present.has(mine) && (this.outdated.has(key) || mine > id);
  }

  /** @returns whether the schedule had to be added, or added again */
  private async keepUp(managed: ManagedQueue, id: string, schedule: DeclaredSchedule): Promise<boolean> {
    const entries = ours(await managed.queue.getRepeatableJobs(0, -1));
    const entry = entries.find((candidate) => candidate.id === id);
    if (entry === undefined) {
      const isReplaced = entries.some((other) => declaredKeyOf(other.id) === schedule.key);
      if (isReplaced && this.hasTakenOver) return false;
    } else if (await this.isPending(managed, entry)) return false;
    const { queue, job, repeat } = schedule;
    await this.enqueuer.add(queue, job, this.payloadOf(schedule), { repeat, jobId: id });
    if (this.hasTakenOver) {
      this.logger.warn(`Schedule "${schedule.key}" of queue "${queue}" was lost and has been restored.`);
    }
    return true;
  }

  /** Whether the run that the entry announces exists, or was taken meanwhile and the next one announced. */
  private async isPending({ queue }: ManagedQueue, entry: RepeatEntry): Promise<boolean> {
    const job: unknown = await queue.getJob(pendingJobId(entry));
    const state = job === null ? null : await (job as { getState(): Promise<string> }).getState();
    if (state !== null && state !== 'completed' && state !== 'failed') return true;
    const again = ours(await queue.getRepeatableJobs(0, -1)).find(({ key }) => key === entry.key);
    return again !== undefined && again.next !== entry.next;
  }

  private payloadOf({ queue, payload }: DeclaredSchedule): object {
    return isQueueName(queue) ? { createdAt: new Date(this.clock.now()), ...payload } : payload;
  }

  /** @returns when the next pass is due; null when nothing is declared and nothing has to be removed */
  private async look(): Promise<number | null> {
    await this.reconcile();
    return this.config.schedules.length + this.outdated.size > 0 ? LOOK_EVERY_MS : null;
  }
}

function ours(entries: readonly JobInformation[]): RepeatEntry[] {
  return entries.flatMap(({ key, name, id, next }) =>
    declaredKeyOf(id ?? null) === null ? [] : [{ key, name, id: id as string, next }],
  );
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
