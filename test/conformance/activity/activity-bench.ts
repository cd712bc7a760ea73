import type { ActivityStore } from '../../../src/message-queue/broker/activity-store.js';
import type { Broker } from '../../../src/message-queue/broker/broker.js';
import { MemoryBroker } from '../../../src/message-queue/broker/memory/memory-broker.js';
import { SyncBroker } from '../../../src/message-queue/broker/sync/sync-broker.js';
import { RedisBroker } from '../../../src/message-queue/broker/redis/redis-broker.js';
import { Clock } from '../../../src/kernel/time/clock.js';
import { START } from '../../support/activity-batches.js';
import type { TestRedis } from '../../support/redis-server.js';
import type { ConformanceCase } from '../run-conformance.js';

/** A server's user who may not ask for the time, so that the store goes by the clock of its process, which a test sets. */
export const TIMELESS = ['--user', 'timeless', 'on', 'nopass', '~*', '&*', '+@all', '-time'];

/** Shows what it is told. */
class ShownTime extends Clock {
  time = START;

  now(): number {
    return this.time;
  }

  setTimer(): { cancel(): void } {
    return { cancel: () => undefined };
  }
}

/** Something that makes brokers which share a store, at the time that it is told. */
export interface ActivityProvider {
  readonly name: 'redis' | 'memory' | 'sync';
  create(prefix: string, historyHours: number): { at(time: number): Broker };
}

export type ActivityCase = ConformanceCase<ActivityBench>;

export const memoryActivity = inProcess('memory', MemoryBroker);
export const syncActivity = inProcess('sync', SyncBroker);

function inProcess(name: 'memory' | 'sync', Broker: typeof MemoryBroker): ActivityProvider {
  return {
    name,
    create: (prefix, historyHours) => {
      const clock = new ShownTime();
      const broker = new Broker({ prefix, clock, historyHours });
      return {
        at: (time) => {
          clock.time = Math.max(clock.time, time);
          return broker;
        },
      };
    },
  };
}

/** A broker for each time: that of a process whose clock shows it. */
export function redisActivity(redis: () => TestRedis): ActivityProvider {
  return {
    name: 'redis',
    create: (prefix, historyHours) => ({
      at: (time) => {
        const now = jest.spyOn(Date, 'now').mockReturnValue(time);
        try {
          return new RedisBroker({
            redis: {
              topology: { kind: 'single', host: '127.0.0.1', port: redis().port },
              ...{ db: 0, tls: false, username: 'timeless', password: 'any' },
            },
            prefix,
            historyHours,
          });
        } finally {
          now.mockRestore();
        }
      },
    }),
  };
}

let benches = 0;

/** A store of one case. */
export class ActivityBench {
  readonly prefix = `a${process.pid}-${(benches += 1)}`;
  private readonly brokers = new Set<Broker>();
  private readonly clockwork;

  constructor(readonly provider: ActivityProvider) {
    this.clockwork = provider.create(this.prefix, 72);
  }

  /** The broker of another process, `afterMs` after the begin. On Redis its clock goes on from there. */
  broker(afterMs = 0): Broker {
    const broker = this.clockwork.at(START + afterMs);
    this.brokers.add(broker);
    return broker;
  }

  /** Its store. */
  store(afterMs = 0): ActivityStore {
    return this.broker(afterMs).activity;
  }

  async close(): Promise<void> {
    await Promise.all([...this.brokers].map((broker) => broker.close()));
  }
}
