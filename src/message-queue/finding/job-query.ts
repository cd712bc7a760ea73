import type { Job } from 'bull';
import { Issues } from '../../kernel/values/issues.js';
import { kind, Refusal } from '../../kernel/values/kind.js';
import { id, knownName, oneOf, record, text, wholeNumber } from '../../kernel/values/kinds.js';
import type { ManagedQueues } from '../broker/managed-queues.js';
import { InvalidJobOptionsError } from '../jobs/errors.js';
import { mentions } from './found-job.js';
import { decodePositions } from './job-cursor.js';
import type { Positions } from './job-cursor.js';
import { LISTED_STATES } from './job-stream.js';
import type { ListedState } from './job-stream.js';
import { asStored, hasField, holdsText, payloadField } from './payload-field.js';
import type { SeenPayload } from './payload-field.js';

/** Which jobs to find. Each field narrows it; without any, all are listed. */
export interface JobQuery {
  /** Default: all that are registered. */
  readonly queue?: string;
  /** Default: all. Of `waiting`, those of a paused queue are a part. */
  readonly state?: ListedState | 'expired';
  /** Name of the job. */
  readonly name?: string;
  /** The id of a job: looked up in each queue. */
  readonly id?: string;
  /**
   * A text that stands in the payload, the error, the name, the correlation id or the id, whatever its case; or a condition on a field of the
   * payload, such as `user.id = 42`. Payloads that are sealed are not searched.
   */
  readonly q?: string;
  /** Jobs per call, 1 to 1 000. Default 50. */
  readonly limit?: number;
  /** That of the call before; pass the same query with it. */
  readonly cursor?: string;
}

/** A query, ready for use. */
export interface ReadyJobQuery {
  readonly queues: readonly string[];
  /** The states of what is listed. */
  readonly listed: readonly ListedState[];
  /** The states that were asked for; undefined for all. */
  readonly states: readonly (ListedState | 'expired')[] | undefined;
  readonly id: string | undefined;
  readonly limit: number;
  readonly positions: Positions;
  readonly needsPayload: boolean;
  readonly matches: (queue: string, job: Job) => boolean;
}

const QUERY = record<JobQuery>();
const STATE = oneOf(...LISTED_STATES, 'expired');
const NAME = text(200);
const ID = id(1_000);
const TEXT = text(1_000);
const LIMIT = wholeNumber(1, 1_000);
const CURSOR = kind<Positions>('the `cursor` of an earlier answer', (value) => {
  return (typeof value === 'string' ? decodePositions(value) : null) ?? new Refusal();
});
const FROM_THE_START: Positions = new Map();

/** Checks a query and prepares it. @throws InvalidJobOptionsError listing what is wrong */
export function readyJobQuery(
  query: JobQuery,
  known: ManagedQueues,
  seen: SeenPayload = asStored,
): ReadyJobQuery {
  const issues = new Issues();
  const given: JobQuery = issues.check('query', query, QUERY) ? query : {};
  const { queue, state, name, q, limit = 50, cursor } = given;
  issues.checkGiven('queue', queue, knownName('a registered queue', known.names()));
  issues.checkGiven('state', state, STATE);
  issues.checkGiven('name', name, NAME);
  issues.checkGiven('id', given.id, ID);
  issues.checkGiven('q', q, TEXT);
  issues.check('limit', limit, LIMIT);
  const positions = cursor === undefined ? FROM_THE_START : issues.read('cursor', cursor, CURSOR);
  const cannotList = 'of expired jobs only one can be found, by its id';
  issues.unless(state !== 'expired' || given.id !== undefined, 'state', cannotList);
  issues.throwIfAny(InvalidJobOptionsError, 'The jobs cannot be found:');
  const states = statesOf(state);
  return {
    ...{ states, limit, id: given.id, positions: positions ?? FROM_THE_START },
    queues: queue === undefined ? known.names() : [queue],
    listed: LISTED_STATES.filter((one) => states?.includes(one) ?? true),
    needsPayload: q !== undefined,
    matches: matcherOf(name, q, seen),
  };
}

function statesOf(state: JobQuery['state']): ReadyJobQuery['states'] {
  if (state === undefined) return undefined;
  return state === 'waiting' ? ['waiting', 'paused'] : [state];
}

function matcherOf(
  name: string | undefined,
  q: string | undefined,
  seen: SeenPayload,
): ReadyJobQuery['matches'] {
  const field = q === undefined ? null : payloadField(q);
  const searched = q?.trim().toLowerCase() ?? '';
  return (queue, job) => {
    if (name !== undefined && job.name !== name) return false;
    if (searched === '') return true;
    const place = { queue, job: job.name, id: String(job.id) };
    if (field !== null) return hasField(seen(place, job.data), field);
    return mentions(job, searched) || holdsText(seen(place, job.data), searched);
  };
}
