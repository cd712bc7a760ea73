import { Redis } from 'ioredis';
import type { RedisQueue } from '../bull/redis-queue.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { meaningOf, replyOf } from '../../../../kernel/redis/redis-replies.js';
import type { LuaScript } from '../scripts/lua-script.js';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 1_000;
/** For how long a call is made again that meets what is stored wrongly, milliseconds: until then somebody may put it right. */
const FAULT_PATIENCE_MS = 10_000;

/** Our scripts on one queue, as its worker runs them. */
export class QueueCommands {
  private stopped = false;

  constructor(
    readonly queue: RedisQueue,
    private readonly scripts: RedisScripts,
    private readonly onRefused: (error: unknown) => void,
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
   * Runs a script until Redis takes it, as the end of a run must be: a slot that waits costs less than a job that runs twice. Running the
   * script twice must do no harm.
   * @param faultPatienceMs for how long it is made again when what is stored is at fault; others may depend on it
   * @throws an error that says that script or data are faulty; after `stop()` any error
   */
  runUntilAnswered(
    script: LuaScript,
    args: readonly (string | number)[],
    faultPatienceMs?: number,
  ): Promise<unknown> {
    return this.untilAnswered(() => this.run(script, args), faultPatienceMs);
  }

  /** The same for any call. */
  async untilAnswered<T>(call: () => Promise<T>, faultPatienceMs = FAULT_PATIENCE_MS): Promise<T> {
    const begunAt = performance.now();
    for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_RETRY_MS)) {
      try {
        return await call();
      } catch (error) {
        const isHopeless = meaningOf(error) === 'faulty' && performance.now() - begunAt >= faultPatienceMs;
        if (this.stopped || isHopeless) throw error;
        this.noteRefusal(error);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  /** Tells of a call that Redis answered with an error and that is made again; a lost connection tells of itself. */
  noteRefusal(error: unknown): void {
    if (replyOf(error) !== null) this.onRefused(error);
  }

  /** Ends the retries: the connections are about to be closed. */
  stop(): void {
    this.stopped = true;
  }
}
