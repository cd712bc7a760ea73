import { newJobId } from '../../../admission/job-id.js';
import { ordinaryOptions, priorityField } from '../../../admission/stored-options.js';
import type { AddOutcome, OrdinaryAdd } from '../../broker.js';
import { queueFull } from '../../rules/add-errors.js';
import type { AddPlace } from '../../rules/add-errors.js';
import { JOB_ADDED } from '../../rules/local-events.js';
import { waitingLimit } from '../../rules/waiting-limit.js';
import { emitSafely, internalsOf } from '../bull/bull-internals.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import { addOrdinaryScript } from '../scripts/add-ordinary.lua.js';
import { asQueueError } from './as-queue-error.js';
import { PendingAdd } from './pending-add.js';
import type { AddCall } from './pending-add.js';

/**
 * The second half of the short road, from the broker's call to the script (its beginning is `OrdinaryAdds`): an ordinary
 * job becomes one {@link ShortAdd}, waits in the `AddBuffer` until the end of the tick, and is four arguments of one call.
 * What several jobs of a call share, their names and levels, is sent once.
 */
export class ShortRoad implements AddCall {
  readonly script = addOrdinaryScript;
  readonly announce = (): boolean => this.queue.announceJobs();
  private readonly head: readonly (string | number)[];

  constructor(readonly queue: RedisQueue) {
    const { definition } = queue;
    const limits = [false, true].map((critical) => waitingLimit(definition.maxWaiting, critical));
    this.head = [internalsOf(queue).token, ...limits, ordinaryOptions(definition)];
  }

  args(adds: readonly PendingAdd[]): (string | number)[] {
    const kinds: OrdinaryAdd[] = [];
    const jobs: (string | number)[] = [];
    let last: OrdinaryAdd | undefined;
    let kind = 0;
    for (const { request, id, timestamp } of adds as readonly ShortAdd[]) {
      if (last === undefined || !isSameKind(request, last)) {
        kind = kinds.findIndex((known) => isSameKind(request, known));
        if (kind < 0) kind = kinds.push(request) - 1;
        last = request;
      }
      jobs.push(kind, id, request.data.json, timestamp);
    }
    const args = [...this.head, kinds.length];
    for (const { name, options, critical } of kinds) {
      args.push(name, priorityField(options.priority), critical ? '1' : '');
    }
    return args.concat(jobs);
  }
}

/** An add on the short road. */
export class ShortAdd extends PendingAdd {
  readonly id = newJobId();

  /** @param timestamp when the job counts as created, milliseconds since the epoch */
  constructor(
    private readonly road: ShortRoad,
    readonly request: OrdinaryAdd,
    readonly timestamp: number,
    deadlineMs: number,
    private readonly resolve: (outcome: AddOutcome) => void,
    private readonly reject: (error: Error) => void,
  ) {
    super(road, request.data.bytes, deadlineMs);
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
    emitSafely(queue, JOB_ADDED, this.id, this.request.name);
    this.resolve({ id: this.id, deduplicated: false });
  }

  failed(error: Error): void {
    this.reject(asQueueError(error, this.place));
  }
}

function isSameKind(one: OrdinaryAdd, other: OrdinaryAdd): boolean {
  return one.name === other.name && one.options.priority === other.options.priority;
}
