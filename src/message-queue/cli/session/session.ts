import type { BrokerLook } from '../../broker/activity-store.js';
import type { RedisBroker } from '../../broker/redis/redis-broker.js';
import type { RedisBrokerOptions } from '../../broker/redis/redis-broker.options.js';
import type { RedisReadings } from '../../broker/redis/redis-readings.js';
import type { AnnouncedQueues } from '../../broker/registry/announced-queues.js';

/** What a command does with Redis. Each part is loaded when it is first used: who only reads need not wait for the rest. */
export class Session {
  private reading: RedisReadings | null = null;
  private broker: RedisBroker | null = null;

  constructor(private readonly options: RedisBrokerOptions) {}

  /** For who reads. @throws BrokerUnavailableError when Redis cannot be reached within two seconds */
  async readings(): Promise<RedisReadings> {
    if (this.reading === null) {
      const { RedisReadings: Readings } =
        require('../../broker/redis/redis-readings.js') as typeof import('../../broker/redis/redis-readings.js');
      this.reading = new Readings(this.options);
    }
    await this.reading.connected();
    return this.reading;
  }

  /** Everything about the queues that are known, or about one. @throws UnknownQueueError */
  async look(queue?: string): Promise<BrokerLook> {
    const { activity } = await this.readings();
    const first = await activity.look(queue === undefined ? [] : [queue]);
    if (queue !== undefined) return first;
    const names = new Set([...first.announced.map(({ name }) => name), ...first.totals.keys()]);
    return activity.look([...names].sort());
  }

  /** The queues to be changed, or whose jobs are read. */
  async queues(): Promise<AnnouncedQueues> {
    const { announced } = await (await this.readings()).activity.look([]);
    const { AnnouncedQueues: Queues } =
      require('../../broker/registry/announced-queues.js') as typeof import('../../broker/registry/announced-queues.js');
    return new Queues(this.opened(), announced);
  }

  /** Closes what was opened. */
  async close(): Promise<void> {
    await Promise.all([this.reading?.close(), this.broker?.close()]);
  }

  private opened(): RedisBroker {
    const { RedisBroker: Broker } =
      require('../../broker/redis/redis-broker.js') as typeof import('../../broker/redis/redis-broker.js');
    this.broker ??= new Broker(this.options);
    return this.broker;
  }
}
