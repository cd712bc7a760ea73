import type { BrokerLook } from '../../broker/activity-store.js';
import type { Broker } from '../../broker/broker.js';
import { ManagedQueues } from '../../broker/managed-queues.js';
import type { ManagedQueue } from '../../broker/managed-queues.js';
import { AnnouncedQueues } from '../../broker/registry/announced-queues.js';
import { UnknownQueueError } from '../../jobs/errors.js';
import type { Fleet } from './fleet.js';

/** The queues of this process, and behind them those that only others have announced: who operates a fleet may ask any of its processes. */
export class FleetQueues extends ManagedQueues {
  readonly #others = new Map<Broker, AnnouncedQueues>();

  constructor(
    private readonly own: ManagedQueues,
    private readonly fleet: Fleet,
  ) {
    super();
  }

  names(): readonly string[] {
    const others = [...this.#others.values()].flatMap((queues) => queues.names());
    return [...new Set([...this.own.names(), ...others])];
  }

  /** @throws UnknownQueueError for one that nobody has announced */
  get(name: string): ManagedQueue {
    try {
      return this.own.get(name);
    } catch (error) {
      const others = error instanceof UnknownQueueError ? this.#of(name) : undefined;
      if (others === undefined) throw error;
      return others.get(name);
    }
  }

  /** Null for a queue of this process. */
  announcedAs(name: string): ReturnType<AnnouncedQueues['announcedAs']> | null {
    return this.own.names().includes(name) ? null : (this.#of(name)?.announcedAs(name) ?? null);
  }

  /** Learns what is announced by now. What was known stays while a broker is away: never rejects. */
  async refresh(): Promise<void> {
    await this.look().catch(() => undefined);
  }

  /** One look at each broker, a second old at most; what it tells of queues is known from then on. @throws BrokerUnavailableError */
  async look(): Promise<ReadonlyMap<Broker, BrokerLook>> {
    const brokers = this.fleet.brokers();
    const looks = await Promise.all(brokers.map((broker) => this.fleet.recentLook(broker)));
    const own = new Set(this.own.names());
    const seen = new Map<Broker, BrokerLook>();
    for (const [index, broker] of brokers.entries()) {
      const look = looks[index] as BrokerLook;
      seen.set(broker, look);
      // Of those that are announced, only those that are looked at too.
      const others = look.announced.filter(({ name }) => !own.has(name) && look.counts.has(name));
      const known = this.#others.get(broker);
      if (known === undefined) this.#others.set(broker, new AnnouncedQueues(broker, others));
      else known.know(others);
    }
    return seen;
  }

  #of(name: string): AnnouncedQueues | undefined {
    return [...this.#others.values()].find((queues) => queues.names().includes(name));
  }
}
