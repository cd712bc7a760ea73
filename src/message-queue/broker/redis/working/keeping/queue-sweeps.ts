import type { RedisAccess } from '../../connections/over-queues.js';
import type { ResolvedRedisBrokerOptions } from '../../redis-broker.options.js';
import { QueueSweep } from './queue-sweep.js';

/** How long a due job may wait whose announcement was lost. */
const LONGEST_PAUSE_MS = 5_000;
/** How often the watchdog looks before it calls a worker stuck. */
const LOOKS_OF_WATCHDOG = 6;

/** Which sweep looks after a queue: one does for all of them; on a Cluster, where a node that is away must not delay the queues of others, each has its own. */
export class QueueSweeps {
  private shared: QueueSweep | null = null;
  private readonly everyMs: number;

  /** @param onLook told after each look at a queue, with its base key */
  constructor(
    private readonly redis: RedisAccess,
    { lock, watchdogMs }: Pick<ResolvedRedisBrokerOptions, 'lock' | 'watchdogMs'>,
    private readonly onLook: (base: string) => void,
  ) {
    const everyMs = Math.min(lock.stalledCheckMs, LONGEST_PAUSE_MS, watchdogMs / LOOKS_OF_WATCHDOG);
    this.everyMs = Math.max(1, Math.floor(everyMs));
  }

  /** The sweep that a worker joins. */
  forWorker(): QueueSweep {
    if (this.redis.connections.isCluster) return this.newSweep();
    return (this.shared ??= this.newSweep());
  }

  private newSweep(): QueueSweep {
    return new QueueSweep(this.redis, this.everyMs, this.onLook);
  }
}
