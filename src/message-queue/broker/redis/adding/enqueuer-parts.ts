import type { MemoryGuard } from '../connections/memory-guard.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import type { BrokerProblem } from '../redis-broker.options.js';
import type { Spool } from '../spool/spool.js';
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
  /** Where adds go while Redis is away. */
  readonly spool: Spool | null;
  readonly report: (problem: BrokerProblem) => void;
}
