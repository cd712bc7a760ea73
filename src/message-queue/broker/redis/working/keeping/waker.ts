import { SystemClock } from '../../../../../kernel/time/clock.js';
import type { Clock } from '../../../../../kernel/time/clock.js';
import { RepeatedTask } from '../../../../../kernel/time/repeated-task.js';
import { promoteDueScript } from '../../scripts/keep-jobs.lua.js';
import type { QueueCommands } from '../queue-commands.js';
import type { ExpiredJobs } from './expired-jobs.js';

/** The longest wait for a due time: timers know no more than some weeks. */
const LONGEST_WAIT_MS = 24 * 60 * 60_000;
const RETRY_DELAY_MS = 500;
const NEVER = Number.POSITIVE_INFINITY;

/** Reply of {@link promoteDueScript}. */
type WakeReply = readonly [dueInMs: number | null, opened: number, expiresInMs: number | null];

/** What the waker needs of its worker. */
export interface WokenWorker {
  /** Jobs that it would take now. */
  readonly hunger: number;
  interrupt(): void;
}

/**
 * The one timer of a queue: by Redis' own clock, moves delayed jobs to waiting when they are due, wakes rates and groups that are closed when
 * they open, and ends jobs that should have started.
 */
export class Waker {
  private readonly task: RepeatedTask;

  /** @param clock Redis', for a server that keeps its time from scripts */
  constructor(
    private readonly commands: QueueCommands,
    private readonly clock: Clock,
    private readonly worker: WokenWorker,
    private readonly expired: Pick<ExpiredJobs, 'expire'>,
    onError: (error: unknown) => void,
  ) {
    this.task = new RepeatedTask({
      // How long to wait is for Redis to say.
      clock: new SystemClock(),
      turn: () => this.wake(),
      failed: (error) => {
        onError(error);
        return RETRY_DELAY_MS;
      },
    });
  }

  start(): void {
    void this.task.start();
  }

  /** Tells that a job is due, or must have started, or a rate opens, in so many milliseconds, or was already. */
  hint(dueInMs: number): void {
    this.task.hasten(Math.min(Math.max(0, dueInMs), LONGEST_WAIT_MS));
  }

  /** Resolves when the call in flight has ended. */
  stop(): Promise<void> {
    return this.task.stop();
  }

  private async wake(): Promise<number | null> {
    const { hunger } = this.worker;
    const args = [this.clock.now(), this.commands.queue.lockToken, hunger];
    const reply = (await this.commands.run(promoteDueScript, args)) as WakeReply;
    const [dueInMs, opened, expiresInMs] = reply;
    if (opened > 0 && hunger > 0) this.worker.interrupt();
    const isLate = expiresInMs !== null && expiresInMs <= 0;
    const nextMs = Math.min(dueInMs ?? NEVER, (isLate ? await this.expired.expire() : expiresInMs) ?? NEVER);
    return nextMs === NEVER ? null : Math.min(LONGEST_WAIT_MS, nextMs);
  }
}
