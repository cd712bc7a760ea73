import { Inject, Injectable } from '@nestjs/common';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import { RegisteredQueues } from '../broker/registry/registered-queues.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import { isDeclaredMember } from '../broker/rules/schedules/schedule-record.js';
import { JobEnqueuer } from '../facade/job-enqueuer.js';
import type { JobReceipt } from '../facade/job-receipt.js';
import { RepeatedLines } from '../../kernel/logging/repeated-lines.js';
import { Clock } from '../../kernel/time/clock.js';
import { RepeatedTask } from '../../kernel/time/repeated-task.js';
import { InvalidConfigurationError } from '../../kernel/errors.js';
import type { Issue } from '../../kernel/errors.js';
import { settlesWithin } from '../../kernel/time/settles-within.js';
import type { MessageQueueConfig } from '../message-queue.options.js';
import { MESSAGE_QUEUE_CONFIG } from '../message-queue.tokens.js';
import { isQueueName } from '../queues/queue-name.js';
import type { DeclaredSchedule } from './schedule-declaration.js';
import { hasEnded } from './resolve-schedules.js';
import { scheduleId } from './schedule-identity.js';

/** What one pass over the schedules changed. */
export interface ReconcileReport {
  readonly added: number;
  readonly updated: number;
  readonly removed: number;
  /** Schedules whose next run was lost and has been planned again. */
  readonly revived: number;
}

const LOOK_EVERY_MS = 15_000;
/** After a failed pass. */
const RETRY_MS = 5_000;
/** While passes go on to fail, how long until it is said again. */
const SAY_AGAIN_AFTER_MS = 60_000;
const STOP_TIMEOUT_MS = 500;

/**
 * Makes the stored schedules fit the declared ones at start, and looks after all schedules of the app's queues, those of hosts too: one whose next
 * run was lost gets it back. Any number of processes may do it at once: adding one again is the same schedule.
 *
 * At start everything that is declared differently is changed or removed. Later passes only put back what was lost, and remove again what the
 * start removed: during a rolling deploy an older process must not undo what a newer one declared.
 */
@Injectable()
export class ScheduleReconciler {
  private readonly logger = new SafeLogger('Schedules');
  /** Queues and keys of schedules that the start removed. */
  private readonly outdated = new Set<string>();
  /** Queues and keys of schedules that were reported as dead. */
  private readonly dead = new Set<string>();
  private readonly task: RepeatedTask;
  private readonly lines: RepeatedLines;
  private hasTakenOver = false;

  constructor(
    private readonly queues: RegisteredQueues,
    private readonly enqueuer: JobEnqueuer,
    clock: Clock,
    @Inject(MESSAGE_QUEUE_CONFIG) private readonly config: MessageQueueConfig,
  ) {
    this.lines = new RepeatedLines(clock, SAY_AGAIN_AFTER_MS);
    this.task = new RepeatedTask({
      clock,
      turn: () => this.look(),
      failed: (error) => {
        this.tellFailure(error);
        return RETRY_MS;
      },
    });
  }

  /** @throws InvalidConfigurationError naming every declared payload that its job would refuse */
  async check(): Promise<void> {
    const issues: Issue[] = [];
    for (const schedule of this.config.schedules) {
      const { queue, job, repeat } = schedule;
      const managed = this.queues.get(queue);
      if (hasEnded(repeat, managed.broker.now())) continue;
      try {
        await this.enqueuer.check(queue, job, payloadOf(managed, schedule), { repeat });
      } catch (error) {
        issues.push({ path: `schedules (${queue}, ${schedule.key})`, message: textOf(error) });
      }
    }
    if (issues.length === 0) return;
    throw new InvalidConfigurationError('The message queue cannot start: schedules are wrong.', issues);
  }

  /** Makes the schedules fit, and keeps looking after them. Never rejects: what fails is tried again. */
  start(): Promise<void> {
    const brokers = new Set(this.queues.names().map((name) => this.queues.get(name).broker));
    for (const broker of brokers) broker.onLoss(() => this.declareAgain());
    return this.task.start();
  }

  /** What is declared and no longer there is declared again at once, not only with the next look. */
  private declareAgain(): void {
    this.task.hasten(0);
  }

  /** Ends the passes, and waits briefly for the one under way. */
  async stop(): Promise<void> {
    await settlesWithin(this.task.stop(), STOP_TIMEOUT_MS);
    this.lines.flush();
  }

  /** One pass over every queue. */
  async reconcile(): Promise<ReconcileReport> {
    const report = { added: 0, updated: 0, removed: 0, revived: 0 };
    for (const name of this.queues.names()) {
      // What a test put in place of a queue has no schedules to look after.
      if (this.queues.isOverridden(name)) continue;
      const managed = this.queues.get(name);
      report.revived += await this.keep(managed);
      const declared = this.config.schedules.filter(({ queue }) => queue === name);
      const known = this.hasTakenOver ? await this.declaredKeys(managed) : new Set<string>();
      const running = declared.filter(({ repeat }) => !hasEnded(repeat, managed.broker.now()));
      for (const schedule of running.filter(({ key }) => !known.has(key))) {
        const change = await this.add(managed, schedule);
        if (change === 'created') report.added += 1;
        if (change === 'updated') report.updated += 1;
      }
      report.removed += await this.removeOutdated(managed, new Set(declared.map(({ key }) => key)));
    }
    this.hasTakenOver = true;
    return report;
  }

  /** @returns how many schedules got their next run back */
  private async keep({ broker, queue }: ManagedQueue): Promise<number> {
    const { revived, dead } = await broker.schedulesOf(queue).keep();
    for (const key of revived) {
      this.logger.warn(
        `The next run of schedule "${key}" of queue "${queue.name}" was lost; it is planned again.`,
      );
    }
    for (const key of dead) {
      const place = `${queue.name} ${key}`;
      if (this.dead.has(place)) continue;
      this.dead.add(place);
      this.logger.error(
        `Schedule "${key}" of queue "${queue.name}" is listed but never runs: its run is gone, and nothing else knows its payload. Add it again, or remove it.`,
      );
    }
    return revived.length;
  }

  private async add(managed: ManagedQueue, schedule: DeclaredSchedule): Promise<JobReceipt['schedule']> {
    const { queue, job, key, repeat } = schedule;
    const options = { repeat, jobId: scheduleId(schedule, managed.definition) };
    const receipt = await this.enqueuer.add(queue, job, payloadOf(managed, schedule), options);
    if (this.hasTakenOver) {
      this.logger.warn(`Schedule "${key}" of queue "${queue}" was lost and has been restored.`);
    }
    return receipt.schedule;
  }

  /** Keys of the declared schedules that are there, in whichever form, or were removed on purpose. */
  private async declaredKeys({ broker, queue }: ManagedQueue): Promise<ReadonlySet<string>> {
    const looks = await broker.schedulesOf(queue).look();
    return new Set(
      looks.filter(({ schedule }) => schedule.record !== null).map(({ schedule }) => schedule.key),
    );
  }

  private async removeOutdated(
    { broker, queue }: ManagedQueue,
    wanted: ReadonlySet<string>,
  ): Promise<number> {
    let removed = 0;
    for (const { schedule } of await broker.schedulesOf(queue).look()) {
      const { key, member } = schedule;
      const place = `${queue.name} ${key}`;
      if (!isDeclaredMember(member) || wanted.has(key)) continue;
      if (this.hasTakenOver && !this.outdated.has(place)) continue;
      await broker.schedulesOf(queue).change(key, 'forget');
      this.outdated.add(place);
      removed += 1;
    }
    return removed;
  }

  private tellFailure(error: unknown): void {
    const line = `Schedules could not be checked; it is tried again every 5 s: ${textOf(error).replace(/\.$/, '')}.`;
    this.lines.add({
      kind: 'failure',
      write: () => this.logger.warn(line),
      sum: ({ count, seconds }) => this.logger.warn(`${line} ${count} times more within ${seconds} s.`),
    });
  }

  private async look(): Promise<number> {
    await this.reconcile();
    return LOOK_EVERY_MS;
  }
}

function payloadOf({ broker }: ManagedQueue, { queue, payload }: DeclaredSchedule): object {
  return isQueueName(queue) ? { createdAt: new Date(broker.now()), ...payload } : payload;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
