import type { MemoryGuard } from '../connections/memory-guard.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import type { RedisScripts } from '../connections/redis-scripts.js';

/** What adding to one queue depends on. */
export interface EnqueuerParts {
  readonly queue: RedisQueue;
  readonly scripts: RedisScripts;
  readonly connections: RedisConnections;
  readonly memory: MemoryGuard;
  readonly timeoutMs: number;
  /** Whether adds wait for a Redis that is away, as long as they may take. */
  readonly waits: boolean;
}
