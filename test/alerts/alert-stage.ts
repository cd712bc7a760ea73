import { randomUUID } from 'node:crypto';
import type { Heartbeat, StoredAlert } from '../../src/message-queue/broker/activity-store.js';
import type { Broker } from '../../src/message-queue/broker/broker.js';
import type { ManagedQueue } from '../../src/message-queue/broker/managed-queues.js';
import { MemoryBroker } from '../../src/message-queue/broker/memory/memory-broker.js';
import { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';
import type { AlertNotice } from '../../src/message-queue/jobs/events/alert-notice.js';
import { AlertDelivery } from '../../src/message-queue/monitoring/alerts/alert-delivery.js';
import { AlertWatch } from '../../src/message-queue/monitoring/alerts/alert-watch.js';
import { ALERT_SETTINGS } from '../../src/message-queue/monitoring/alerts/settings/alert-settings.js';
import type { GivenRules } from '../../src/message-queue/monitoring/alerts/settings/given-rules.js';
import type { AlertSink } from '../../src/message-queue/ports/alerts/alert-sink.js';
import { SystemClock } from '../../src/kernel/time/clock.js';
import { defaultsOf } from '../../src/kernel/values/setting.js';
import { heartbeat } from '../support/activity-batches.js';
import { testQueue } from '../support/redis-broker-fixture.js';
import type { TestRedis } from '../support/redis-server.js';

/** Something that keeps jobs for several processes. */
export interface AlertProvider {
  readonly name: 'redis' | 'memory';
  /** @returns the broker of one more process, over the same store */
  open(prefix: string): () => Broker;
}

export const memoryAlerts: AlertProvider = {
  name: 'memory',
  open: (prefix) => {
    const broker = new MemoryBroker({ prefix });
    return () => broker;
  },
};

/** A broker of its own for each process. */
export function redisAlerts(redis: () => Pick<TestRedis, 'port'>): AlertProvider {
  return {
    name: 'redis',
    open: (prefix) => () =>
      new RedisBroker({
        redis: { topology: { kind: 'single', host: '127.0.0.1', port: redis().port }, db: 0, tls: false },
        prefix,
      }),
  };
}

/** Notes what it is told; fails, or waits, while it is told to. */
export class NotedSink implements AlertSink {
  readonly told: AlertNotice[] = [];
  answer: () => Promise<void> = () => Promise.resolve();

  constructor(readonly name = 'noted') {}

  async send(notice: AlertNotice): Promise<void> {
    await this.answer();
    this.told.push(notice);
  }

  /** Rule and status of each. */
  get words(): readonly string[] {
    return this.told.map(
      ({ rule, queue, status }) => `${rule}${queue === null ? '' : `|${queue}`} ${status}`,
    );
  }
}

/** Only what a test is about; at once, and over at once. */
export const ONLY = (rules: GivenRules): GivenRules => {
  const names = [
    'QueueDepthHigh',
    'DeadLettersHigh',
    'BreakerOpen',
    'FailureRateHigh',
    'RunTimeHigh',
  ] as const;
  const others = ['OldestJobWaits', 'NoWorker', 'WorkerLost', 'BrokerMemoryHigh', 'ScheduleLate'] as const;
  const off = [...names, ...others, 'ActivityStale' as const, 'AddsRefused' as const];
  return { ...Object.fromEntries(off.map((name) => [name, false])), ...rules };
};

export const DEPTH: GivenRules = ONLY({ QueueDepthHigh: { above: 1, forMs: 0, clearForMs: 0 } });

/** A process of a fleet. */
export interface StagedProcess {
  readonly watch: AlertWatch;
  readonly delivery: AlertDelivery;
  readonly broker: Broker;
  /** One turn, and until everybody was told. */
  turn(): Promise<void>;
}

let stages = 0;

/** Processes that share a store and one queue. */
export class AlertStage {
  readonly queueName = 'chat|ß "1"';
  private readonly next: () => Broker;
  private readonly brokers = new Set<Broker>();
  private readonly watches: AlertWatch[] = [];
  private readonly queues = new Map<Broker, ManagedQueue>();
  private readonly managed: ManagedQueue;

  constructor(provider: AlertProvider) {
    this.next = provider.open(`al${process.pid}-${(stages += 1)}`);
    this.managed = this.manage(this.broker());
  }

  broker(): Broker {
    const broker = this.next();
    this.brokers.add(broker);
    return broker;
  }

  get store(): Broker['activity'] {
    return this.managed.broker.activity;
  }

  /** One more process. */
  process(
    sinks: readonly AlertSink[],
    rules: GivenRules = DEPTH,
    over: { readonly worksHere?: boolean; readonly repeatMs?: number } = {},
  ): StagedProcess {
    const broker = this.broker();
    const clock = new SystemClock();
    const settings = { ...defaultsOf(ALERT_SETTINGS), enabled: true, rules, sinks: [], everyMs: 0 };
    const delivery = new AlertDelivery(sinks, settings.runbookUrl, clock);
    const watch = new AlertWatch({
      ...{
        broker,
        delivery,
        clock,
        instance: randomUUID(),
        worksHere: over.worksHere ?? true,
        registered: [this.manage(broker)],
      },
      settings: { ...settings, repeatMs: over.repeatMs ?? settings.repeatMs },
      look: () => broker.activity.look([this.queueName]),
    });
    this.watches.push(watch);
    const turn = async (): Promise<void> => {
      await watch.turn();
      await delivery.settled();
    };
    return { watch, delivery, broker, turn };
  }

  async add(jobs: number): Promise<void> {
    for (let n = 0; n < jobs; n++) await this.managed.queue.add('job', { n });
  }

  async empty(): Promise<void> {
    await this.managed.broker.purge(this.managed.queue);
  }

  /** Whether a worker of the queue says that it lives. */
  async beat(over: Partial<Heartbeat> = {}): Promise<void> {
    const alive = { queues: { [this.queueName]: [1, 0, 0] as [number, number, number] }, openBreakers: [] };
    const one = heartbeat(randomUUID(), { ...alive, ...over });
    await this.store.flush({ seq: 1, heartbeat: one, series: [], announced: [] });
  }

  async stored(): Promise<readonly StoredAlert[]> {
    return (await this.store.look([])).alerts;
  }

  async close(): Promise<void> {
    await Promise.all(this.watches.map((watch) => watch.stop()));
    await Promise.all([...this.brokers].map((broker) => broker.close()));
  }

  /** A broker creates a queue once. */
  private manage(broker: Broker): ManagedQueue {
    const known = this.queues.get(broker);
    if (known !== undefined) return known;
    const definition = testQueue(this.queueName);
    const managed = { broker, definition, queue: broker.createQueue(definition) };
    this.queues.set(broker, managed);
    return managed;
  }
}
