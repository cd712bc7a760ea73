import type { Clock } from '../../../../../kernel/time/clock.js';
import type { QueueCommands } from '../queue-commands.js';
import { recoverStalledScript } from '../../scripts/keep-jobs.lua.js';

/** How much later than this worker another one may be connected again, milliseconds. */
const OTHERS_ARE_BACK_MS = 1_000;

/** What the recovery depends on. */
export interface StalledRecoveryOptions {
  readonly everyMs: number;
  /** How often living workers renew their locks. */
  readonly renewMs: number;
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
  /** A little less than the interval, or every other check would come just too early. */
  private readonly shortestMs: number;
  private notBefore = 0;
  private underWay: Promise<void> | null = null;

  constructor(
    private readonly commands: QueueCommands,
    private readonly options: StalledRecoveryOptions,
  ) {
    this.shortestMs = Math.max(1, Math.floor(options.everyMs * 0.75));
  }

  /** Checks, unless a check is under way or was a moment ago. Call it every few seconds while jobs are active. */
  check(): void {
    const now = performance.now();
    if (this.underWay !== null || now < this.notBefore) return;
    this.notBefore = now + this.shortestMs;
    this.underWay = this.recover()
      .catch((error: unknown) => {
        this.postpone();
        this.options.onError(error);
      })
      .finally(() => (this.underWay = null));
  }

  /**
   * Call it when Redis could not be used for a while: nobody could renew a lock meanwhile, so that locks which have run out say
   * nothing about their workers. Those that live are given time to renew theirs.
   */
  postpone(): void {
    const { renewMs } = this.options;
    const othersRenewWithinMs = Math.max(renewMs, OTHERS_ARE_BACK_MS) + renewMs;
    this.notBefore = Math.max(this.notBefore, performance.now() + othersRenewWithinMs);
  }

  /** Resolves when the check under way has ended. */
  async stop(): Promise<void> {
    await this.underWay;
  }

  private async recover(): Promise<void> {
    const { clock, maxCrashes, onPhantoms } = this.options;
    const args = [clock.now(), this.shortestMs, maxCrashes];
    const [stalled, phantoms] = (await this.commands.run(recoverStalledScript, args)) as [string[], string[]];
    onPhantoms(phantoms);
    for (const id of stalled) {
      const job = await this.commands.queue.getJob(id);
      if (job !== null) this.commands.queue.emit('stalled', job);
    }
  }
}
