import type { Type } from '@nestjs/common';
import { acceptPayload } from '../admission/compiled/accept-payload.js';
import type { EnqueueCheck } from '../admission/enqueue-check.js';
import { isWithoutGroups } from '../admission/flow/group-rules.js';
import type { EnqueueOptions } from '../admission/job-options.js';
import { storedPayloadNow } from '../admission/payloads/stored-payload.js';
import type { OrdinaryAdd } from '../broker/broker.js';
import type { ManagedQueue } from '../broker/managed-queues.js';
import type { RegisteredQueues } from '../broker/registry/registered-queues.js';
import { FIRST_VERSION, versionOf } from '../jobs/queue-definition.js';
import { isJobPriority, JobPriority, toBullPriority } from '../jobs/job-priority.js';

/** A job name whose adds may be ordinary. */
export interface OrdinaryPlace {
  readonly managed: ManagedQueue;
  readonly type: Type<object>;
  /** What a priority means to the broker for a job of this name. */
  readonly levels: Levels;
}

/**
 * The gate of the short road: says in one synchronous pass whether an add is ordinary, as nearly all are. Options are none
 * or a priority, the compiled DTO accepts the payload, nothing else checks that job, it joins no group, no test has put something
 * else under the queue's token.
 *
 * An ordinary add makes its JSON once and goes straight to `Broker.addOnce`; on Redis `ShortRoad` shows the rest of the
 * way. Everything else takes the long road of `JobEnqueuer`, which makes all errors: the gate never says why not.
 */
export class OrdinaryAdds {
  readonly #places = new Map<string, Map<string, OrdinaryPlace>>();

  constructor(
    private readonly queues: RegisteredQueues,
    private readonly checks: readonly EnqueueCheck[],
  ) {}

  /** @returns undefined for what must take the long road */
  find(queueName: string, jobName: string): OrdinaryPlace | undefined {
    return this.#places.get(queueName)?.get(jobName) ?? this.#look(queueName, jobName);
  }

  /** @returns undefined for what must take the long road */
  requestOf(
    { managed, type, levels }: OrdinaryPlace,
    name: string,
    payload: unknown,
    options: EnqueueOptions | undefined,
  ): OrdinaryAdd | undefined {
    const priority = options === undefined ? JobPriority.NORMAL : priorityAlone(options);
    if (priority === undefined) return undefined;
    const { maxPayloadBytes } = managed.definition;
    const accepted = acceptPayload(type, payload, maxPayloadBytes);
    if (accepted === undefined) return undefined;
    const data = storedPayloadNow(managed.definition, name, accepted, maxPayloadBytes);
    if (data === undefined) return undefined;
    const { options: level, critical } = levels[priority];
    return { ordinary: true, name, data, options: level, critical };
  }

  #look(queueName: string, jobName: string): OrdinaryPlace | undefined {
    const managed = this.#managed(queueName);
    if (managed === undefined || typeof jobName !== 'string') return undefined;
    const { jobs, flow } = managed.definition;
    const type = Object.hasOwn(jobs, jobName) ? jobs[jobName] : undefined;
    if (type === undefined || this.queues.isOverridden(queueName)) return undefined;
    if (!isWithoutGroups(flow, jobName)) return undefined;
    if (this.checks.some(({ queue, job }) => queue === queueName && job === jobName)) return undefined;
    const place = { managed, type, levels: levelsOf(versionOf(managed.definition, jobName)) };
    const places = this.#places.get(queueName) ?? new Map<string, OrdinaryPlace>();
    this.#places.set(queueName, places.set(jobName, place));
    return place;
  }

  #managed(queueName: string): ManagedQueue | undefined {
    try {
      return this.queues.get(queueName);
    } catch {
      return undefined;
    }
  }
}

type Level = Pick<OrdinaryAdd, 'options' | 'critical'>;
type Levels = Readonly<Record<JobPriority, Level>>;

const ALL_LEVELS: readonly JobPriority[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** Shared by all adds of payloads in their first version. */
const FIRST_LEVELS = newLevels({});

function levelsOf(version: number): Levels {
  return version === FIRST_VERSION ? FIRST_LEVELS : newLevels({ mq: Object.freeze({ version }) });
}

function newLevels(record: Pick<OrdinaryAdd['options'], 'mq'>): Levels {
  return Object.fromEntries(
    ALL_LEVELS.map((priority): [number, Level] => [
      priority,
      {
        options: Object.freeze({ priority: toBullPriority(priority), ...record }),
        critical: priority >= JobPriority.CRITICAL,
      },
    ]),
  ) as Levels;
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** The priority of options that say nothing else; undefined for all others. */
function priorityAlone(options: EnqueueOptions): JobPriority | undefined {
  if (!isPlainObject(options)) return undefined;
  for (const name in options) if (name !== 'priority') return undefined;
  const { priority = JobPriority.NORMAL } = options;
  return isJobPriority(priority) ? priority : undefined;
}
