import type { StoreLoss } from '../../store-loss.js';
import type { RedisAccess } from '../connections/over-queues.js';
import { EpochWatch } from './epoch-watch.js';

/** What a broker watches of its store: one record for all queues; on a Cluster, whose nodes may lose what they have one by one, one for each queue. */
export class StoreEpochs {
  private readonly watches = new Map<string, EpochWatch>();
  private readonly listeners = new Set<(loss: StoreLoss) => void>();

  /** @param tell called in one process of the fleet for each loss; on a Cluster for each queue, whose keys `keys` names */
  constructor(
    private readonly prefix: string,
    private readonly redis: RedisAccess,
    private readonly tell: (loss: StoreLoss, keys?: string) => void,
  ) {}

  /** Calls back in every process that learns of a loss. */
  onLoss(listener: (loss: StoreLoss) => void): void {
    this.listeners.add(listener);
  }

  /** The record that tells of a queue. @param base of the queue, `prefix:queue:` */
  of(base: string): EpochWatch {
    const { client, isCluster } = this.redis.connections;
    const key = isCluster ? `${base}mq:epoch` : `${this.prefix}:mq-epoch`;
    const known = this.watches.get(key);
    if (known !== undefined) return known;
    // A Cluster stays connected while one of its nodes is away, and sends again by itself what was meant for it.
    if (this.watches.size === 0) client.on(isCluster ? '-node' : 'ready', () => this.reconnected());
    const watch = new EpochWatch(key, this.redis, (loss, isFirst) => {
      if (isFirst) this.tell(loss, isCluster ? `${base}*` : undefined);
      for (const listener of this.listeners) listener(loss);
    });
    this.watches.set(key, watch);
    return watch;
  }

  /** What was lost last, and nobody has dealt with. Asks Redis. */
  async loss(): Promise<StoreLoss | null> {
    const watches = [...this.watches.values()];
    await Promise.all(watches.map((watch) => watch.compare()));
    const losses = watches.map(({ loss }) => loss).filter((loss) => loss !== null);
    return losses.sort((a, b) => b.at - a.at)[0] ?? null;
  }

  /** @returns whether there was something to acknowledge @throws what Redis answers */
  async acknowledge(): Promise<boolean> {
    const had = await Promise.all([...this.watches.values()].map((watch) => watch.acknowledge()));
    return had.includes(true);
  }

  private reconnected(): void {
    for (const watch of this.watches.values()) watch.reconnected();
  }
}
