import { SystemClock } from '../../../../kernel/time/clock.js';
import type { Clock } from '../../../../kernel/time/clock.js';
import { RepeatedTask } from '../../../../kernel/time/repeated-task.js';
import { emitSafely } from '../bull/bull-internals.js';
import type { QueueCommands } from './queue-commands.js';
import { recoverStalledScript } from '../scripts/keep-jobs.lua.js';

/** What the recovery depends on. */
export interface StalledRecoveryOptions {
  readonly everyMs: number;
  /** Crash records kept per job. */
  readonly maxCrashes: number;
  readonly clock: Clock;
  readonly onPhantoms: (ids: readonly string[]) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Finds jobs of dead workers of one queue and moves them back to waiting. All workers of the queue share the work: a
 * check is skipped when another worker did one a moment ago.
 */
export class StalledRecovery {
  private readonly task: RepeatedTask;

  constructor(
    private readonly commands: QueueCommands,
    private readonly options: StalledRecoveryOptions,
  ) {
    const { everyMs, onError } = options;
    this.task = new RepeatedTask({
      // Locks expire by real time.
      clock: new SystemClock(),
      keepAlive: true,
      turn: async () => {
        await this.check();
        return everyMs;
      },
      failed: (error) => {
        onError(error);
        return everyMs;
      },
    });
  }

  start(): void {
    void this.task.start();
  }

  stop(): Promise<void> {
    return this.task.stop();
  }

  private async check(): Promise<void> {
    const { clock, everyMs, maxCrashes, onPhantoms } = this.options;
    // A little less than the interval, or every other check would come just too early.
    const shortest = Math.max(1, Math.floor(everyMs * 0.75));
    const [stalled, phantoms] = (await this.commands.run(recoverStalledScript, [
      clock.now(),
      shortest,
      maxCrashes,
    ])) as [string[], string[]];
    onPhantoms(phantoms);
    for (const id of stalled) {
      const job = await this.commands.queue.getJob(id);
      if (job !== null) emitSafely(this.commands.queue, 'stalled', job);
    }
  }
}
