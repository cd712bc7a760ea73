import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { appVersion } from '../../../kernel/host/app-version.js';
import type { AnnouncedQueue, Heartbeat } from '../../broker/activity-store.js';
import type { Broker } from '../../broker/broker.js';
import type { ManagedQueue } from '../../broker/managed-queues.js';
import type { QueueDefinition } from '../../jobs/queue-definition.js';
import { isQueueName } from '../../queues/queue-name.js';
import { LoopLag } from './loop-lag.js';
import { openOf } from './process-watch.js';
import type { ProcessWatch } from './process-watch.js';

/** What the worker of this process says of one queue. */
export interface SlotsOfQueue {
  /** Handlers that may run at once; 0 while it takes no jobs. */
  readonly slots: number;
  readonly busy: number;
}

/** Says what this process works on; null for a queue that it does not. */
export type SlotSource = (queue: string) => SlotsOfQueue | null;

/** Longest name of a host and of a version that are told, characters. */
const LONGEST_NAME = 100;
/** Breakers that are told of: a process may have one for each endpoint of a webhook. */
const MOST_BREAKERS = 20;

/** Makes what this process says of itself. */
export class Heartbeats {
  /** A UUID for each start. */
  readonly id = randomUUID();
  readonly lag = new LoopLag();
  private readonly version = appVersion().slice(0, LONGEST_NAME);
  /** Of the worker; it works on nothing before that is there. */
  slotsOf: SlotSource = () => null;
  private readonly startedAt = new Map<Broker, number>();

  constructor(
    private readonly watch: ProcessWatch,
    private readonly role: Heartbeat['role'],
    private readonly flushMs: number,
  ) {}

  /** What it says to one broker. @param queues those of the process that are kept there */
  of(broker: Broker, queues: readonly ManagedQueue[]): Heartbeat {
    const startedAt = this.startedAt.get(broker) ?? broker.now();
    this.startedAt.set(broker, startedAt);
    const worked = queues.flatMap(({ definition: { name } }) => {
      const of = this.slotsOf(name);
      const stuck = this.watch.stuckIn(name);
      return of === null ? [] : [[name, [of.slots, of.busy, stuck] as const] as const];
    });
    return {
      ...{ id: this.id, host: hostname().slice(0, LONGEST_NAME), pid: process.pid, role: this.role },
      ...{ version: this.version, node: process.version, startedAt },
      ...{ rssBytes: process.memoryUsage.rss(), loopLagMs: this.lag.currentMs },
      // At the latest: the time between two flushes is not always the same.
      flushMs: Math.ceil(this.flushMs * 1.2),
      queues: Object.fromEntries(worked),
      openBreakers: openOf(this.watch.statuses()).slice(0, MOST_BREAKERS),
      blocked: this.watch.blocked(),
    };
  }
}

/** What other processes are told of a queue. */
export function announced(definition: QueueDefinition): AnnouncedQueue {
  const { name, description, jobs, concurrency, attempts, timeoutMs, maxWaiting, sealed } = definition;
  return {
    ...{ name, description, jobs: Object.keys(jobs), concurrency, attempts, timeoutMs },
    maxWaiting: Number.isFinite(maxWaiting) ? maxWaiting : null,
    isSealed: sealed === true,
    isBuiltIn: isQueueName(name),
  };
}
