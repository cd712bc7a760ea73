import { expiryOf } from '../../../admission/flow/due-time.js';
import type { AdmittedJob } from '../../../admission/job-admission.js';
import { compactOptions, priorityField } from '../../../admission/stored-options.js';
import { groupsOf } from '../../../jobs/flow/group-name.js';
import type { QueueDefinition } from '../../../jobs/queue-definition.js';
import type { AddOutcome, AddRequest } from '../../broker.js';
import { queueFull, tenantFull } from '../../rules/add-errors.js';
import { tenantLimit } from '../../rules/group-rules.js';
import { flowText } from '../flow-text.js';
import type { AddPlace } from '../../rules/add-errors.js';
import { assertSamePayload } from '../../rules/used-key.js';
import { isCritical, waitingLimit } from '../../rules/waiting-limit.js';
import { internalsOf } from '../bull/bull-internals.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import type { RedisClock } from '../connections/redis-clock.js';
import { ADD_FIELDS, addJobsScript } from '../scripts/add-jobs.lua.js';
import { asQueueError } from './as-queue-error.js';
import { PendingAdd } from './pending-add.js';
import type { AddCall } from './pending-add.js';

/** One job as {@link addJobsScript} takes it. */
export type AddFields = Readonly<Record<(typeof ADD_FIELDS)[number], string | number>>;

/** What the script said about a job that it did not simply add. */
interface AddReply {
  readonly status: 'added' | 'duplicate' | 'once' | 'conflict' | 'debounced' | 'full' | 'crowded' | 'faulty';
  /** Id of the stored job. */
  readonly id: string;
  /** For `full`: how many jobs wait; for `crowded`, of the tenant. */
  readonly depth: number;
  /** For `conflict`: the fingerprint in the ledger; for `faulty`: what Redis says. Otherwise empty. */
  readonly detail: string;
}

/** The same as the script sends it. */
type SentReply = readonly [status: AddReply['status'], id: string, depthOrDetail?: number | string];

/** The call that adds any job, with all that can be said of one. */
export class LongRoad implements AddCall {
  readonly script = addJobsScript;
  private readonly head: readonly (string | number)[];

  /** @param inOrder whether none is added behind one for which there is no room */
  constructor(
    readonly queue: RedisQueue,
    readonly clock: RedisClock,
    inOrder = false,
  ) {
    const { maxWaiting, maxIdempotencyKeys, flow } = queue.definition;
    const limits = [waitingLimit(maxWaiting, false), waitingLimit(maxWaiting, true)];
    const flows = [flowText(flow, queue), tenantLimit(flow?.tenant, maxWaiting)];
    this.head = [internalsOf(queue).token, ...limits, inOrder ? '1' : '', maxIdempotencyKeys, ...flows];
  }

  args(adds: readonly PendingAdd[]): (string | number)[] {
    const args = [...this.head];
    for (const add of adds as readonly LongAdd[]) {
      const fields = add.dated();
      for (const field of ADD_FIELDS) args.push(fields[field]);
    }
    return args;
  }
}

/** An add on the long road. */
export class LongAdd extends PendingAdd {
  readonly fields: AddFields;
  private readonly offset: number;

  constructor(
    private readonly road: LongRoad,
    readonly request: AddRequest,
    private readonly admitted: AdmittedJob,
    deadlineMs: number,
    private readonly resolve: (outcome: AddOutcome) => void,
    private readonly reject: (error: Error) => void,
  ) {
    super(road, admitted.bytes, deadlineMs);
    this.fields = fieldsOf(road.queue.definition, request, admitted);
    this.offset = road.clock.offset;
  }

  /** Its fields by what is known of the clock by now: it may have waited for the first connection. */
  dated(): AddFields {
    const { fields, request } = this;
    const { clock, queue } = this.road;
    const given = Number(fields.timestamp);
    const timestamp = request.options.timestamp === undefined ? clock.corrected(given, this.offset) : given;
    if (request.dueAt !== undefined) {
      const options = { ...this.admitted.options, ...dueFrom(request.dueAt, timestamp, clock.now()) };
      return fieldsOf(queue.definition, request, { ...this.admitted, options });
    }
    if (timestamp === given) return fields;
    const expires = fields.expires === '' ? '' : Number(fields.expires) + timestamp - given;
    return { ...fields, timestamp, expires };
  }

  get place(): AddPlace {
    return { queue: this.road.queue.name, job: this.request.name, jobId: String(this.fields.id) };
  }

  /** @param reply of {@link addJobsScript} */
  answered(reply: unknown, position: number): void {
    const answer = (reply as readonly (1 | SentReply)[])[position] as 1 | SentReply;
    if (answer === 1) {
      this.resolve({ id: String(this.fields.id), deduplicated: false });
      return;
    }
    const read = readReply(answer);
    if (read.status === 'conflict') {
      this.outcomeOfConflict(read).then(this.resolve, this.reject);
      return;
    }
    try {
      this.resolve(outcomeOf(this.road.queue, this, read));
    } catch (refusal) {
      this.reject(refusal as Error);
    }
  }

  private async outcomeOfConflict({ id, detail }: AddReply): Promise<AddOutcome> {
    const { key = '' } = this.request.idempotency ?? {};
    const { id: jobId, data, fingerprint } = this.fields;
    await assertSamePayload(
      this.road.queue.definition,
      {
        ...{ job: this.request.name, jobId: String(jobId), json: String(data) },
        ...{ key, fingerprint: String(fingerprint) },
      },
      { jobId: id, fingerprint: detail },
    );
    return { id, deduplicated: true };
  }

  failed(error: Error): void {
    this.reject(asQueueError(error, this.place));
  }
}

/** What Redis adds up to a due time that no clock moves; one that has passed is now. */
function dueFrom(dueAt: number, timestamp: number, now: number): { timestamp: number; delay: number } {
  if (dueAt <= now) return { timestamp, delay: 0 };
  const addedAt = Math.min(timestamp, now);
  return { timestamp: addedAt, delay: dueAt - addedAt };
}

/**
 * What the answer to an add means to its caller.
 * @throws QueueFullError, BrokerUnavailableError
 */
function outcomeOf(
  { name, definition }: RedisQueue,
  { request, fields }: LongAdd,
  reply: AddReply,
): AddOutcome {
  const place = { queue: name, job: request.name };
  if (reply.status === 'full') throw queueFull(place, reply.depth, definition.maxWaiting);
  if (reply.status === 'crowded') {
    const limit = tenantLimit(definition.flow?.tenant, definition.maxWaiting);
    throw tenantFull(place, String(fields.tenant), reply.depth, limit);
  }
  if (reply.status === 'faulty')
    throw asQueueError(Object.assign(new Error(reply.detail), { name: 'ReplyError' }), {
      ...place,
      jobId: reply.id,
    });
  // The ledger may know the key from this very call, whose first answer was lost; only a generated id can tell.
  const ours = reply.status === 'once' && fields.generated === '1' && reply.id === fields.id;
  return {
    id: reply.id,
    deduplicated: reply.status !== 'added' && !ours,
  };
}

function readReply([status, id, detail]: SentReply): AddReply {
  return {
    status,
    id,
    depth: typeof detail === 'number' ? detail : 0,
    detail: typeof detail === 'string' ? detail : '',
  };
}

function fieldsOf(settings: QueueDefinition, request: AddRequest, { json, options }: AdmittedJob): AddFields {
  const { idempotency, name } = request;
  const { timestamp = 0, delay = 0, priority = 0, lifo, debounce } = options;
  const id = String(options.jobId);
  const { group = '', tenant = '' } = groupsOf(settings.flow, name, options.mq);
  return {
    id,
    name,
    data: json,
    opts: JSON.stringify(compactOptions(settings, { ...options, delay }, { id, timestamp, priority })),
    timestamp,
    delay,
    priority: priorityField(priority),
    lifo: lifo === true ? '1' : '',
    debounceId: debounce?.id ?? '',
    debounceTtl: debounce?.ttl ?? '',
    critical: isCritical(request.critical, options) ? '1' : '',
    onceNames: idempotency?.names.join(' ') ?? '',
    fingerprint: idempotency?.fingerprint ?? '',
    onceTtl: idempotency?.ttlMs ?? '',
    generated: request.options.jobId === undefined ? '1' : '',
    group,
    tenant,
    expires: expiryOf(options, request.dueAt) ?? '',
    spooledAs: request.spooledAs ?? '',
  };
}
