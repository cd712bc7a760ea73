import { newJobId } from '../../../admission/job-id.js';
import { ordinaryOptions, priorityField } from '../../../admission/stored-options.js';
import type { AddOutcome, OrdinaryAdd } from '../../broker.js';
import { queueFull } from '../../rules/add-errors.js';
import type { AddPlace } from '../../rules/add-errors.js';
import { JOB_ADDED } from '../../rules/events/local-events.js';
import { waitingLimit } from '../../rules/waiting-limit.js';
import { internalsOf } from '../bull/bull-internals.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import type { RedisClock } from '../connections/redis-clock.js';
import { addOrdinaryScript } from '../scripts/add-ordinary.lua.js';
import { asQueueError } from './as-queue-error.js';
import { PendingAdd } from './pending-add.js';
import type { AddCall } from './pending-add.js';

/**
 * The second half of the short road, from the broker's call to the script (its beginning is `OrdinaryAdds`): an ordinary
 * job becomes one {@link ShortAdd}, waits in the `AddBuffer` until the end of the tick, and is hardly more than one argument
 * of one call. What several jobs of a call share, their names, levels and times, is sent once.
 */
export class ShortRoad implements AddCall {
  readonly script = addOrdinaryScript;
  readonly announce = (): boolean => this.queue.announceJobs();
  private readonly token: string;
  /** As they are stored. */
  private readonly options: string;
  private readonly limits: { readonly usual: number; readonly critical: number };

  /** @param version of the payloads, unless it is the first: each version has a road of its own */
  constructor(
    readonly queue: RedisQueue,
    readonly clock: RedisClock,
    version?: number,
  ) {
    const { definition } = queue;
    this.token = internalsOf(queue).token;
    this.options = ordinaryOptions(definition, version);
    this.limits = {
      usual: waitingLimit(definition.maxWaiting, false),
      critical: waitingLimit(definition.maxWaiting, true),
    };
  }

  args(adds: readonly PendingAdd[]): (string | number)[] {
    const kinds: ShortAdd[] = [];
    const data: string[] = [];
    let jobs = '';
    let last: ShortAdd | undefined;
    let number = '';
    for (const add of adds as readonly ShortAdd[]) {
      if (last === undefined || !isSameKind(add, last)) {
        const known = kinds.findIndex((one) => isSameKind(add, one));
        number = String(known < 0 ? kinds.push(add) - 1 : known).padStart(2, '0');
        last = add;
      }
      jobs += number + add.id;
      data.push(add.request.data.json);
    }
    const args = [this.token, this.options, jobs, kinds.length];
    for (const { request, timestamp, offset } of kinds) {
      const limit = request.critical === true ? this.limits.critical : this.limits.usual;
      args.push(
        request.name,
        priorityField(request.options.priority),
        limit,
        this.clock.corrected(timestamp, offset),
      );
    }
    return args.concat(data);
  }
}

/** An add on the short road. */
export class ShortAdd extends PendingAdd {
  readonly id = newJobId();
  /** When the job counts as created, milliseconds since the epoch, with the clock's offset at that time. */
  readonly timestamp: number;
  readonly offset: number;

  constructor(
    private readonly road: ShortRoad,
    readonly request: OrdinaryAdd,
    deadlineMs: number,
    private readonly resolve: (outcome: AddOutcome) => void,
    private readonly reject: (error: Error) => void,
  ) {
    super(road, request.data.bytes, deadlineMs);
    this.timestamp = road.clock.now();
    this.offset = road.clock.offset;
  }

  get place(): AddPlace {
    return { queue: this.road.queue.name, job: this.request.name, jobId: this.id };
  }

  /** @param reply of {@link addOrdinaryScript} */
  answered(reply: unknown, position: number): void {
    const { queue } = this.road;
    const depth = reply === 1 ? -1 : ((reply as readonly number[])[position] ?? -1);
    if (depth >= 0) {
      const place = { queue: queue.name, job: this.request.name };
      this.reject(queueFull(place, depth, queue.definition.maxWaiting));
      return;
    }
    queue.emit(JOB_ADDED, this.id, this.request.name);
    this.resolve({ id: this.id, deduplicated: false });
  }

  failed(error: Error): void {
    this.reject(asQueueError(error, this.place));
  }
}

function isSameKind(one: ShortAdd, other: ShortAdd): boolean {
  return (
    one.timestamp === other.timestamp &&
    one.offset === other.offset &&
    one.request.name === other.request.name &&
    one.request.options.priority === other.request.options.priority
  );
}
