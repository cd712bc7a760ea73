import { SystemClock } from '../../../../kernel/time/clock.js';
import { RepeatedTask } from '../../../../kernel/time/repeated-task.js';
import type { QueueCommands } from './queue-commands.js';
import type { BrokerProblem } from '../redis-broker.options.js';
import type { RedisQueueWorker } from './redis-queue-worker.js';
import { snapshotQueueScript } from '../scripts/snapshot-queue.lua.js';
import type { WaitSignal } from './wait-signal.js';

/** How many checks make up the time after which a worker counts as stuck. */
const LOOKS = 6;

/** Rebuilds a worker's blocking connection when jobs wait, slots are free, and nothing moves. */
export class Watchdog {
  private readonly task: RepeatedTask;
  private readonly everyMs: number;
  private lastProgress = -1;
  private stuckSince: number | null = null;

  constructor(
    private readonly commands: QueueCommands,
    private readonly worker: RedisQueueWorker,
    private readonly signal: WaitSignal,
    private readonly afterMs: number,
    private readonly report: (problem: BrokerProblem) => void,
  ) {
    this.everyMs = Math.max(1, Math.floor(afterMs / LOOKS));
    this.task = new RepeatedTask({
      clock: new SystemClock(),
      keepAlive: true,
      turn: async () => {
        await this.look();
        return this.everyMs;
      },
      // If Redis does not answer, the connections report it.
      failed: () => this.everyMs,
    });
  }

  start(): void {
    void this.task.start(this.everyMs);
  }

  stop(): Promise<void> {
    return this.task.stop();
  }

  private async look(): Promise<void> {
    const moved = this.worker.progress !== this.lastProgress;
    this.lastProgress = this.worker.progress;
    if (moved || !this.worker.isHungry) {
      this.calm();
      return;
    }
    const { base } = this.commands.queue;
    const [counts] = (await this.commands.run(snapshotQueueScript, [base])) as [number[]];
    const waiting = counts[0] ?? 0;
    if (waiting === 0) {
      this.calm();
      return;
    }
    const now = performance.now();
    this.stuckSince ??= now;
    if (now - this.stuckSince < this.afterMs) return;
    this.stuckSince = null;
    const queue = this.commands.queue.name;
    const message = `Queue "${queue}" has ${waiting} waiting jobs, free slots, and no progress for ${this.afterMs} ms: rebuilding its connection.`;
    this.report({ kind: 'no-progress', queue, message });
    this.signal.rebuild();
  }

  private calm(): void {
    this.stuckSince = null;
  }
}
