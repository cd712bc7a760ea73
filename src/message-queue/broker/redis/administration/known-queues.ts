import { SystemClock } from '../../../../kernel/time/clock.js';
import { RepeatedTask } from '../../../../kernel/time/repeated-task.js';
import { abandonedQueue } from '../../rules/other-releases.js';
import type { AbandonedQueue } from '../../rules/other-releases.js';
import { keyPrefix } from '../queue-options.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import type { ResolvedRedisBrokerOptions } from '../redis-broker.options.js';
import type { SnapshotReader } from './snapshot-reader.js';

const FIRST_MARK_MS = 1_000;
const MARK_EVERY_MS = 60_000;
/** A queue that nobody has registered for so long is looked at; several marks may be missed. */
const ABANDONED_AFTER_MS = 5 * MARK_EVERY_MS;
/** Queues that are looked at, those that have been away longest first. */
const MOST_LOOKED_AT = 100;

/**
 * Remembers which queues there are: every process marks those that it has registered once a minute, in one sorted set beside the
 * queues. So a queue that no release has any more does not keep its jobs in secret.
 */
export class KnownQueues {
  private readonly registered = new Set<string>();
  private readonly told = new Set<string>();
  private readonly task: RepeatedTask;

  constructor(
    private readonly options: Pick<ResolvedRedisBrokerOptions, 'redis' | 'prefix' | 'onNotice'>,
    private readonly connections: RedisConnections,
    private readonly snapshots: SnapshotReader,
  ) {
    this.task = new RepeatedTask({
      clock: new SystemClock(),
      turn: () => this.mark(),
      failed: () => MARK_EVERY_MS,
    });
  }

  /** This process has the queue. */
  add(queue: string): void {
    this.registered.add(queue);
    // Not before all queues of this start are known, and Redis was asked for its time.
    void this.task.start(FIRST_MARK_MS);
  }

  /** Marks nothing any more. */
  stop(): void {
    void this.task.stop();
  }

  /** Queues with jobs to run that no process has registered for some minutes. */
  async readAbandoned(): Promise<AbandonedQueue[]> {
    const before = this.connections.clock.now() - ABANDONED_AFTER_MS;
    const found = await this.connections.client.zrangebyscore(
      ...([this.key, '-inf', before, 'WITHSCORES', 'LIMIT', 0, MOST_LOOKED_AT] as const),
    );
    const seen = found.flatMap((queue, i): [string, number][] =>
      i % 2 === 0 && !this.registered.has(queue) ? [[queue, Number(found[i + 1])]] : [],
    );
    const looked = seen.map(async ([queue, seenAt]) => {
      const base = `${keyPrefix(this.options, queue)}:${queue}:`;
      const { waiting, active, delayed, paused, failed } = await this.snapshots.read(base);
      const jobs = waiting + active + delayed + paused;
      return abandonedQueue({ queue, jobs, failed, seenAt });
    });
    return (await Promise.all(looked)).filter(({ jobs }) => jobs > 0);
  }

  private get key(): string {
    return `${this.options.prefix}:mq-queues`;
  }

  private async mark(): Promise<number> {
    const { client, clock, isReady } = this.connections;
    if (!isReady) return MARK_EVERY_MS;
    const now = clock.now();
    await client.zadd(this.key, ...[...this.registered].flatMap((queue) => [now, queue]));
    for (const abandoned of await this.readAbandoned()) {
      if (this.told.has(abandoned.queue)) continue;
      this.told.add(abandoned.queue);
      this.options.onNotice(abandoned.message);
    }
    return MARK_EVERY_MS;
  }
}
