import type { ActivityCounter } from '../../../src/message-queue/jobs/activity/activity-record.js';
import { COUNTER_AT, emptyRecord } from '../../../src/message-queue/jobs/activity/activity-record.js';
import type { ActivityRecord } from '../../../src/message-queue/jobs/activity/activity-record.js';
import type {
  ActivityBatch,
  ActivitySeries,
  ActivityStore,
  AnnouncedQueue,
  Heartbeat,
  StoredAlert,
} from '../../../src/message-queue/broker/activity-store.js';
import type { Broker } from '../../../src/message-queue/broker/broker.js';
import { MemoryBroker } from '../../../src/message-queue/broker/memory/memory-broker.js';
import { RedisBroker } from '../../../src/message-queue/broker/redis/redis-broker.js';
import { Clock } from '../../../src/kernel/time/clock.js';
import type { TestRedis } from '../../support/redis-server.js';
import type { ConformanceCase } from '../run-conformance.js';

/** A server's user who may not ask for the time, so that the store goes by the clock of its process, which a test sets. */
export const TIMELESS = ['--user', 'timeless', 'on', 'nopass', '~*', '&*', '+@all', '-time'];

/** When the cases begin: half past one of some day, milliseconds. */
export const START = Date.UTC(2026, 0, 15, 13, 30, 20);

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
  readonly name: 'redis' | 'memory';
  create(prefix: string, historyHours: number): { at(time: number): Broker };
}

export type ActivityCase = ConformanceCase<ActivityBench>;

export const memoryActivity: ActivityProvider = {
  name: 'memory',
  create: (prefix, historyHours) => {
    const clock = new ShownTime();
    const broker = new MemoryBroker({ prefix, clock, historyHours });
    return {
      at: (time) => {
        clock.time = Math.max(clock.time, time);
        return broker;
      },
    };
  },
};

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

/** What a process says of itself. */
export function heartbeat(id: string, over: Partial<Heartbeat> = {}): Heartbeat {
  return {
    ...{ id, host: 'node-7', pid: 4_711, role: 'both', version: '1.4.0', node: 'v20.20.0', startedAt: START },
    ...{ rssBytes: 120_000_000, loopLagMs: 1.25, flushMs: 5_000 },
    ...{ queues: { chat: [10, 3, 0] }, openBreakers: ['search'], ...over },
  };
}

/** A batch of one process. */
export function batch(id: string, seq: number, over: Partial<ActivityBatch> = {}): ActivityBatch {
  return { seq, heartbeat: heartbeat(id), series: [], announced: [], ...over };
}

/** What was counted of some jobs. */
export function series(
  counters: Partial<Record<ActivityCounter, number>>,
  { queue = 'chat', job = 'send' }: { readonly queue?: string; readonly job?: string } = {},
): ActivitySeries {
  const record = emptyRecord();
  for (const [name, value] of Object.entries(counters)) record[COUNTER_AT[name as ActivityCounter]] = value;
  return { queue, job, record };
}

/** A queue as its processes announce it. */
export function announcement(name: string): AnnouncedQueue {
  return {
    ...{ name, description: `Of “${name}”: ß, 漢字, a "quote".`, jobs: ['send', 'a b'] },
    ...{
      concurrency: 10,
      attempts: 3,
      timeoutMs: 30_000,
      maxWaiting: null,
      isSealed: false,
      isBuiltIn: false,
    },
  };
}

/** An alert as it is stored. */
export function alert(version: number, over: Partial<StoredAlert> = {}): StoredAlert {
  return {
    ...{ rule: 'QueueDepthHigh', queue: 'chat', severity: 'warning', state: 'firing', incident: 'i-1' },
    ...{
      since: START,
      firedAt: START,
      sentTo: ['log'],
      clearSince: null,
      value: 1_200,
      limit: 1_000,
      message: '1 200 jobs wait in "chat".',
    },
    ...{ toSend: 'firing', sentAt: null, mutedUntil: null, mutedBy: null, version, ...over },
  };
}

/** One counter of a record. */
export function counted(record: ActivityRecord | undefined, counter: ActivityCounter): number {
  return record?.[COUNTER_AT[counter]] ?? 0;
}
