import type { RedisClient } from '../../../../kernel/redis/redis-client.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import { replyOf } from '../../../../kernel/redis/redis-replies.js';

/** How long one blocking call waits, seconds. */
const BLOCK_SECONDS = 5;
const RETRY_DELAY_MS = 500;

/**
 * Tells a worker that its queue has waiting jobs. Over a connection of its own it moves the next job from the right end of
 * Bull's list to the right end of the same list: that blocks while the list is empty and changes nothing, so no job is
 * ever caught between two states when a worker or a connection dies. For the other lanes a message calls `interrupt()`.
 */
export class WaitSignal {
  private client: RedisClient;
  private closed = false;
  /** Interrupted while nobody waited: the look for jobs that was under way may have come too early. */
  private missed = false;
  private wake: (() => void) | null = null;

  constructor(
    private readonly connections: RedisConnections,
    private readonly waitKey: string,
    private readonly connectionName: string,
    private readonly onRefused: (error: unknown) => void,
  ) {
    this.client = this.open();
  }

  /** Resolves when a job waits, on an error, or when `interrupt()` is called. */
  async next(): Promise<void> {
    if (this.closed || this.missed) {
      this.missed = false;
      return;
    }
    const interrupted = new Promise<void>((resolve) => (this.wake = resolve));
    await Promise.race([this.block(), interrupted]);
    this.wake = null;
  }

  /** Ends a wait early, or else the next one; the call in flight stays open and does no harm. */
  interrupt(): void {
    if (this.wake === null) this.missed = true;
    else this.wake();
  }

  /** Ends a wait that is under way; the next one would end by itself. @returns whether there was one */
  hint(): boolean {
    if (this.wake === null) return false;
    this.wake();
    return true;
  }

  /** Reopens the connection. */
  rebuild(): void {
    if (this.closed) return;
    this.connections.closeBlocking(this.client);
    this.client = this.open();
    this.blocked = null;
    this.interrupt();
  }

  close(): void {
    this.closed = true;
    this.connections.closeBlocking(this.client);
    this.interrupt();
  }

  private blocked: Promise<void> | null = null;

  private block(): Promise<void> {
    // An interrupted wait leaves its call open; the next wait uses it.
    this.blocked ??= this.callOnce().finally(() => (this.blocked = null));
    return this.blocked;
  }

  private async callOnce(): Promise<void> {
    const { client } = this;
    try {
      // A call that ends without a job shows that the connection lives.
      while (client === this.client && !this.closed) {
        if ((await client.blmove(this.waitKey, this.waitKey, 'RIGHT', 'RIGHT', BLOCK_SECONDS)) !== null)
          return;
      }
    } catch (error) {
      if (this.closed) return;
      if (replyOf(error) !== null) this.onRefused(error);
      // The worker polls instead, at a modest rate.
      await new Promise<void>((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
    }
  }

  private open(): RedisClient {
    return this.connections.openBlocking(BLOCK_SECONDS * 1_000, this.connectionName);
  }
}
