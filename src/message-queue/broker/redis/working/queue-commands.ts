import type { RedisQueue } from '../redis-queue.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { isReplyError } from '../connections/redis-scripts.js';
import type { LuaScript } from '../scripts/lua-script.js';

const RETRY_DELAY_MS = 100;

/** Our scripts on one queue, as its worker runs them: a lost connection is waited out. */
export class QueueCommands {
  private stopped = false;

  constructor(
    readonly queue: RedisQueue,
    private readonly scripts: RedisScripts,
  ) {}

  /** Runs a script once. @throws whatever happens */
  run(script: LuaScript, args: readonly (string | number)[]): Promise<unknown> {
    return this.scripts.run(script, this.queue.base, args);
  }

  /**
   * Runs a script until Redis answers. It must be one that does no harm when it runs twice.
   * @throws the error Redis answered with, unless `retryAnswers`; the lost connection after `stop()`
   */
  async runUntilAnswered(
    script: LuaScript,
    args: readonly (string | number)[],
    retryAnswers = false,
  ): Promise<unknown> {
    for (;;) {
      try {
        return await this.run(script, args);
      } catch (error) {
        if (
          this.stopped ||
          (isReplyError(error) &&
            !retryAnswers &&
            !/^(LOADING|READONLY|OOM|BUSY|CLUSTERDOWN|MASTERDOWN)/.test(error.message))
        ) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
      }
    }
  }

  /** Ends the retries: the connections are about to be closed. */
  stop(): void {
    this.stopped = true;
  }
}
