import { Injectable } from '@nestjs/common';
import { SafeLogger } from '../../kernel/host/safe-logger.js';
import { ManagedQueues } from '../broker/managed-queues.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import { Clock } from '../../kernel/time/clock.js';
import { RepeatedTask } from '../../kernel/time/repeated-task.js';
import { settlesWithin } from '../../kernel/time/settles-within.js';

/** What one pass removed. */
export interface SweepReport {
  readonly completed: number;
  readonly failed: number;
  /** Whether a set had more to remove than one pass may. */
  readonly more: boolean;
}

/** Jobs removed per queue, set and pass: more would block Redis for everybody. */
const STEP = 1_000;
const PASS_EVERY_MS = 60_000;
/** While there is more to remove. */
const NEXT_STEP_MS = 250;
const STOP_TIMEOUT_MS = 500;

/**
 * Removes finished jobs that are older, or more, than their queue's `retention` allows: a pass a minute, from the start
 * on. Any number of processes may do it at the same time.
 */
@Injectable()
export class RetentionSweeper {
  private readonly logger = new SafeLogger('RetentionSweeper');
  private readonly task: RepeatedTask;

  constructor(
    private readonly queues: ManagedQueues,
    clock: Clock,
  ) {
    this.task = new RepeatedTask({
      clock,
      turn: async () => ((await this.sweep()).more ? NEXT_STEP_MS : PASS_EVERY_MS),
      failed: (error) => this.report(error),
    });
  }

  /** Starts the schedule; a second call does nothing. */
  start(): void {
    void this.task.start(NEXT_STEP_MS);
  }

  /** Ends the schedule, and waits briefly for the pass under way. */
  async stop(): Promise<void> {
    await settlesWithin(this.task.stop(), STOP_TIMEOUT_MS);
  }

  /** One pass over all queues. */
  async sweep(): Promise<SweepReport> {
    const total = { completed: 0, failed: 0, more: false };
    for (const name of this.queues.names()) {
      const managed = this.queues.get(name);
      const failed = await this.sweepFailed(managed);
      const completed = await this.sweepCompleted(managed);
      total.failed += failed;
      total.completed += completed;
      total.more ||= failed >= STEP || completed >= STEP;
    }
    return total;
  }

  private async sweepFailed({ broker, queue, definition }: ManagedQueue): Promise<number> {
    const { removed, dropped } = await broker.sweepFailed(queue, STEP);
    const { name, retention } = definition;
    if (dropped > 0) {
      this.logger.warn(
        `Queue "${name}" dropped its ${dropped} oldest dead letters: it keeps at most ${retention.failedCount} (retention.failedCount) and ` +
          `${retention.failedBytes} bytes (retention.failedBytes). Find out what fails with DeadLetterService.stats({ queue: '${name}' }), or keep more.`,
      );
    }
    return removed;
  }

  private async sweepCompleted({ queue, definition }: ManagedQueue): Promise<number> {
    const { completedAgeMs, completedCount } = definition.retention;
    const old = (await queue.clean(completedAgeMs, 'completed', STEP)).length;
    const excess = Math.min((await queue.getCompletedCount()) - completedCount, STEP - old);
    if (excess <= 0) return old;
    // Oldest first. A job that finishes in this millisecond has to wait for the next pass.
    return old + (await queue.clean(0, 'completed', excess)).length;
  }

  private report(error: unknown): number {
    const text = error instanceof Error ? error.message : String(error);
    this.logger.warn(`Old jobs could not be removed; the next pass will: ${text}`);
    return PASS_EVERY_MS;
  }
}
