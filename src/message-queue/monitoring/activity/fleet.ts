import { answeredWithin } from '../../../kernel/time/answered-within.js';
import type { BrokerLook, Heartbeat, Instance } from '../../broker/activity-store.js';
import { LOST_FOR_MS } from '../../broker/activity-store.js';
import type { Broker } from '../../broker/broker.js';
import type { ManagedQueues } from '../../broker/managed-queues.js';
import { BrokerUnavailableError } from '../../jobs/errors.js';
import type { ActivityReporters } from './activity-reporters.js';
import { isAlive } from './recent-activity.js';
import type { SeenElsewhere } from '../rules/health-rules.js';
import { seenElsewhere } from './seen-elsewhere.js';
import type { WorkerStatus } from './worker-status.js';

/** How long a broker may take to answer, milliseconds. */
const ANSWER_TIMEOUT_MS = 2_000;
/** For so long a look may be shown to those who do not need the very moment, milliseconds. */
const SHARED_MS = 1_000;
/** Queues of other processes that are looked at too. */
const MOST_FOREIGN = 500;

interface Looking {
  /** The look that those share who ask before it begins. */
  next: Promise<BrokerLook> | null;
  current: Promise<BrokerLook> | null;
  last: { readonly look: BrokerLook; readonly askedAt: number; readonly at: number } | null;
  /** Queues that other processes have announced. */
  foreign: readonly string[];
}

/**
 * What all processes together do: the one place that asks brokers for it. A reader finds everything that this process has done before; those
 * who ask at the same time share one answer.
 */
export class Fleet {
  private readonly lookings = new Map<Broker, Looking>();
  private forgottenAt = Number.NEGATIVE_INFINITY;

  /** @param appBroker what a process without queues looks at */
  constructor(
    private readonly queues: ManagedQueues,
    private readonly reporters: ActivityReporters,
    private readonly appBroker?: Broker,
  ) {}

  /**
   * Everything of a broker at this moment, what this process did until now included, of its own queues and those that others announced.
   * One round trip where nothing was done since the last flush, whatever the number of queues and jobs.
   * @throws BrokerUnavailableError when it does not answer within 2 s
   */
  look(broker: Broker): Promise<BrokerLook> {
    const looking = this.lookingAt(broker);
    return (looking.next ??= this.afterCurrent(broker, looking));
  }

  /** The same, at most a second old, for those who look again and again; never older than what this process has done. @throws BrokerUnavailableError */
  recentLook(broker: Broker): Promise<BrokerLook> {
    const { last } = this.lookingAt(broker);
    const isRecent =
      last !== null &&
      last.askedAt > this.forgottenAt &&
      performance.now() - last.askedAt < SHARED_MS &&
      Math.abs(broker.now() - last.at) < SHARED_MS &&
      !this.reporters.isBehind(broker);
    return isRecent ? Promise.resolve(last.look) : this.look(broker);
  }

  /** Something was changed that is not counted: from now on nobody is shown an older look. */
  forget(): void {
    this.forgottenAt = performance.now();
  }

  /** One look at each broker of the app. @throws BrokerUnavailableError */
  async lookAtAll(): Promise<ReadonlyMap<Broker, BrokerLook>> {
    const brokers = this.brokers();
    const looks = await Promise.all(brokers.map((broker) => this.look(broker)));
    return new Map(brokers.map((broker, i) => [broker, looks[i] as BrokerLook]));
  }

  /** Every process that is alive or lost, by when it started. @throws BrokerUnavailableError */
  async workers(): Promise<readonly WorkerStatus[]> {
    return this.workersIn([...(await this.lookAtAll()).values()]);
  }

  /** The same of looks that were made. */
  workersIn(looks: readonly BrokerLook[]): readonly WorkerStatus[] {
    const byId = new Map<string, WorkerStatus>();
    for (const { instances, at } of looks) {
      for (const instance of instances) {
        if (at - instance.seenAt > LOST_FOR_MS) continue;
        const status = statusOf(instance, at);
        const known = byId.get(instance.id);
        byId.set(instance.id, known === undefined ? status : together(known, status));
      }
    }
    return [...byId.values()].sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  }

  /** What other processes say of a queue. */
  elsewhere(look: BrokerLook, queue: string): SeenElsewhere {
    return seenElsewhere(look, queue, this.reporters.instance);
  }

  /** Brokers of the app that have queues; in an app without any, its own. */
  brokers(): readonly Broker[] {
    const brokers = [...new Set(this.queues.names().map((name) => this.queues.get(name).broker))];
    return brokers.length === 0 && this.appBroker !== undefined ? [this.appBroker] : brokers;
  }

  private async afterCurrent(broker: Broker, looking: Looking): Promise<BrokerLook> {
    await looking.current?.catch(() => undefined);
    looking.next = null;
    const message = `The ${broker.provider} broker did not return the counts of its queues within ${ANSWER_TIMEOUT_MS} ms.`;
    const tooLate = (): Error => new BrokerUnavailableError(message);
    looking.current = answeredWithin(this.ask(broker, looking), ANSWER_TIMEOUT_MS, tooLate);
    return looking.current;
  }

  private async ask(broker: Broker, looking: Looking): Promise<BrokerLook> {
    // What cannot be kept for now can be read all the same.
    if (this.reporters.isBehind(broker)) await this.reporters.flush(broker).catch(() => undefined);
    const askedAt = performance.now();
    const own = this.queues.names().filter((name) => this.queues.get(name).broker === broker);
    let look = await broker.activity.look([...own, ...looking.foreign]);
    const others = look.announced.map(({ name }) => name).filter((name) => !own.includes(name));
    looking.foreign = others.slice(0, MOST_FOREIGN);
    const isKnown = looking.foreign.every((name) => look.counts.has(name));
    if (!isKnown) look = await broker.activity.look([...own, ...looking.foreign]);
    const present = withItself(look, this.reporters.heartbeat(broker));
    looking.last = { look: present, askedAt, at: present.at };
    return present;
  }

  private lookingAt(broker: Broker): Looking {
    const known = this.lookings.get(broker);
    if (known !== undefined) return known;
    const looking: Looking = { next: null, current: null, last: null, foreign: [] };
    this.lookings.set(broker, looking);
    return looking;
  }
}

/**
 * Of this process more is known than what it said last, but for when that was: whoever cannot say that it lives is lost for all. One that has
 * said nothing, or good-bye, is not among them.
 */
function withItself(look: BrokerLook, heartbeat: Heartbeat): BrokerLook {
  const instances = look.instances.map((instance): Instance => {
    const { id, startedAt, seenAt } = instance;
    return id === heartbeat.id ? { ...heartbeat, startedAt, seenAt } : instance;
  });
  return { ...look, instances };
}

function statusOf(instance: Instance, at: number): WorkerStatus {
  const { id, host, pid, role, version, node, rssBytes, loopLagMs, queues, openBreakers } = instance;
  return {
    ...{ id, host, pid, role, version, node, rssBytes, loopLagMs, openBreakers },
    startedAt: new Date(instance.startedAt),
    seenAt: new Date(instance.seenAt),
    state: isAlive(instance, at) ? 'alive' : 'lost',
    queues: Object.entries(queues).map(([queue, [slots, busy, stuck]]) => ({ queue, slots, busy, stuck })),
  };
}

/** A process with queues at several brokers is one. */
function together(one: WorkerStatus, other: WorkerStatus): WorkerStatus {
  const latest = other.seenAt > one.seenAt ? other : one;
  return { ...latest, queues: [...one.queues, ...other.queues] };
}
