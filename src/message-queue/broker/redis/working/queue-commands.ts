import { Redis } from 'ioredis';
import type { RedisQueue } from '../bull/redis-queue.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { meaningOf } from '../connections/redis-replies.js';
import type { LuaScript } from '../scripts/lua-script.js';

const RETRY_DELAY_MS = 100;

/** Our scripts on one queue, as its worker runs them: passing errors are waited out. */
export class QueueCommands {
  private stopped = false;

  constructor(
    readonly queue: RedisQueue,
    private readonly scripts: RedisScripts,
  ) {}

  /** Whether a call is written to the connection at once; otherwise it waits until Redis is back. */
  get isConnected(): boolean {
    return this.queue.client.status === 'ready';
  }

  /** Writes to the connection at once what waits there for more to write. */
  writeNow(): void {
    const { client } = this.queue;
    if (!(client instanceof Redis)) return;
    while (client.stream.writableCorked > 0) client.stream.uncork();
  }

  /** Runs a script once. @throws any error */
  run(script: LuaScript, args: readonly (string | number)[]): Promise<unknown> {
    return this.scripts.run(script, this.queue.base, args);
  }

  /**
   * Runs a script until Redis accepts it. Running the script twice must do no harm.
   * @throws an error that Redis would answer again; after `stop()` any error
   */
  async runUntilAnswered(script: LuaScript, args: readonly (string | number)[]): Promise<unknown> {
    for (;;) {
      try {
        return await this.run(script, args);
      } catch (error) {
        if (this.stopped || meaningOf(error) === 'refused') throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
      }
    }
  }

  /** Ends the retries: the connections are about to be closed. */
  stop(): void {
    this.stopped = true;
  }
}
