import { SystemClock } from '../../../../kernel/time/clock.js';
import { RepeatedTask } from '../../../../kernel/time/repeated-task.js';
import { LockLostError } from '../../../jobs/errors.js';
import type { QueueCommands } from './queue-commands.js';
import type { LockSettings } from '../redis-broker.options.js';
import { stopReason } from '../bull/redis-taken-job.js';
import type { RedisTakenJob } from '../bull/redis-taken-job.js';
import { renewLocksScript } from '../scripts/keep-jobs.lua.js';

/**
 * Renews the locks of a worker's active jobs, all in one call. A failed renewal is retried at the next interval,
 * several times before the lock expires. A run whose job another worker has taken is aborted.
 */
export class LockKeeper {
  private readonly task: RepeatedTask;

  constructor(
    private readonly commands: QueueCommands,
    private readonly active: ReadonlyMap<string, RedisTakenJob>,
    private readonly lock: LockSettings,
    onError: (error: unknown) => void,
  ) {
    this.task = new RepeatedTask({
      // Locks expire by real time.
      clock: new SystemClock(),
      keepAlive: true,
      turn: async () => {
        await this.renew();
        return lock.renewMs;
      },
      failed: (error) => {
        onError(error);
        return lock.renewMs;
      },
    });
  }

  start(): void {
    void this.task.start(this.lock.renewMs);
  }

  stop(): Promise<void> {
    return this.task.stop();
  }

  private async renew(): Promise<void> {
    const asked = new Map(this.active);
    if (asked.size === 0) return;
    const args = [this.commands.queue.lockToken, this.lock.durationMs, ...asked.keys()];
    const [lost, stopped] = (await this.commands.run(renewLocksScript, args)) as [
      string[],
      [id: string, reason: string, erased: string][],
    ];
    // A run may have ended and another begun while the call was in flight.
    for (const id of lost) if (this.active.get(id) === asked.get(id)) asked.get(id)?.abort(this.lockLost(id));
    // A message usually says so at once, but a lost connection can swallow it.
    for (const [id, reason, erased] of stopped) {
      asked.get(id)?.abort(stopReason(this.commands.queue.name, id, { reason, erased: erased !== '' }));
    }
  }

  private lockLost(jobId: string): LockLostError {
    const queue = this.commands.queue.name;
    return new LockLostError(
      `Job "${jobId}" of queue "${queue}" now belongs to another worker: its lock was not renewed in time. ` +
        'The event loop was blocked, or Redis was out of reach, for longer than the lock lives.',
      { queue, jobId },
    );
  }
}
