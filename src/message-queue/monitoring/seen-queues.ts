import { setTimeout as pause } from 'node:timers/promises';
import { answeredWithin } from '../../kernel/time/answered-within.js';
import type { BrokerLook } from '../broker/activity-store.js';
import type { QueueSnapshot, UnknownJobs } from '../broker/broker.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import type { Fleet } from './activity/fleet.js';
import type { ProcessSight, ProcessWatch } from './activity/process-watch.js';
import { workersOf } from './activity/recent-activity.js';
import { looksIdle, nobodyWorks } from './rules/idleness.js';

/** A queue, and what is known of it at one moment. */
export interface SeenQueue {
  readonly managed: ManagedQueue;
  readonly look: BrokerLook;
  readonly snapshot: QueueSnapshot;
  /** What this process alone sees. */
  readonly sight: ProcessSight;
}

/** How long a broker may take to answer, milliseconds. */
export const ANSWER_TIMEOUT_MS = 2_000;
/** How long a queue that looks idle is watched before it is called so, milliseconds. */
const SECOND_LOOK_MS = 200;

/** Nothing that no worker knows. */
export const NONE_UNKNOWN: UnknownJobs = { count: 0, kinds: [] };

/** Looks at queues: those who ask at the same time share one look at each broker, whatever the number of queues. */
export class SeenQueues {
  /** @param isShared a first look may be a second old */
  constructor(
    private readonly fleet: Fleet,
    private readonly watch: ProcessWatch,
    private readonly isShared = false,
  ) {}

  /** @throws BrokerUnavailableError when it does not answer within 2 s */
  async see(managed: ManagedQueue, isShared = this.isShared): Promise<SeenQueue> {
    const { name } = managed.definition;
    const look = await (isShared ? this.fleet.recentLook(managed.broker) : this.fleet.look(managed.broker));
    // Every queue that is known is asked for.
    const snapshot = look.counts.get(name) as QueueSnapshot;
    return { managed, look, snapshot, sight: this.watch.of(name) };
  }

  /**
   * Whether anybody takes jobs of a queue. Where no process that lives does, nobody will, and that is known at once. Else a single
   * reading cannot tell: a job that was added long ago may have been waiting only for a moment, after a delay.
   */
  async seeTwice(
    managed: ManagedQueue,
    noProgressMs: number,
  ): Promise<{ readonly seen: SeenQueue; readonly isIdle: boolean }> {
    const first = await this.see(managed);
    const { snapshot, look, sight } = first;
    if (nobodyWorks(snapshot, workersOf(look, managed.definition.name).slots)) {
      return { seen: first, isIdle: true };
    }
    const since = look.at - noProgressMs;
    if ((sight.movedMsAgo ?? noProgressMs) < noProgressMs || !looksIdle(snapshot, since)) {
      return { seen: first, isIdle: false };
    }
    await pause(SECOND_LOOK_MS, undefined, { ref: false });
    const again = await this.see(managed, false);
    const { oldestWaitingAt, waiting } = again.snapshot;
    const stood = oldestWaitingAt === snapshot.oldestWaitingAt && waiting >= snapshot.waiting;
    return { seen: again, isIdle: stood && looksIdle(again.snapshot, since) };
  }

  /** Jobs that no worker knows. Their kinds are worth a question only where there are any, and not an answer that fails. */
  async unknown({ managed, snapshot: { unknown: count } }: SeenQueue): Promise<UnknownJobs> {
    if (count === 0) return NONE_UNKNOWN;
    const { broker, queue } = managed;
    const tooLate = (): Error => new Error('no answer');
    return answeredWithin(broker.readUnknown(queue), ANSWER_TIMEOUT_MS, tooLate).catch(() => ({
      count,
      kinds: [],
    }));
  }
}
