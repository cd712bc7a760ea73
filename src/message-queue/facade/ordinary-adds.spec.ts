import { IsInt, IsOptional, IsString, Max, MaxLength } from 'class-validator';
import { testQueue } from '../../../test/support/redis-broker-fixture.js';
import { admitJob } from '../admission/job-admission.js';
import type { AdmittedJob } from '../admission/job-admission.js';
import type { EnqueueOptions } from '../admission/job-options.js';
import { writtenPayload } from '../admission/payloads/json-payload.js';
import type { AddRequest } from '../broker/broker.js';
import type { FlowPolicy } from '../jobs/flow/flow-policy.js';
import type { RegisteredQueues } from '../broker/registry/registered-queues.js';
import { JobEnqueuer } from './job-enqueuer.js';
import { OrdinaryAdds } from './ordinary-adds.js';
import type { OrdinaryPlace } from './ordinary-adds.js';

class Note {
  @IsString()
  @MaxLength(20)
  text!: string;

  @IsOptional()
  @IsInt()
  @Max(5)
  stars?: number;
}

const definition = testQueue('notes', { jobs: { note: Note }, maxPayloadBytes: 60 });

const TEXTS = ['a', 'grün', 'x'.repeat(20), 'x'.repeat(21), 'ж'.repeat(20), 7, null, undefined, new Date(0)];
const STARS = [1, 5, 6, 1.5, '1', Number.NaN, null, undefined];
const EXTRAS = [{}, {}, {}, {}, { more: 1 }, { toJSON: () => ({}) }, JSON.parse('{"__proto__":1}') as object];
const OPTIONS: readonly unknown[] = [
  ...[undefined, undefined, {}, { priority: 10 }, { priority: 5 }, { priority: 1 }, { priority: undefined }],
  ...[null, [], 7, 'high', { priority: 0 }, { priority: 11 }, { priority: '5' }, { priority: 2.5 }],
  ...[
    { idempotencyKey: 'k' },
    { delay: 5 },
    { delay: 0 },
    { jobId: 'mine' },
    { deadlineMs: 50 },
    { deliverAt: 5 },
    { expiresIn: 5 },
    { priorty: 5 },
  ],
  ...[
    { priority: 2, correlationId: 'c' },
    Object.create({ delay: 5 }),
    new (class {
      priority = 3;
    })(),
  ],
];

const oneOf = <Value>(values: readonly Value[]): Value =>
  values[Math.floor(Math.random() * values.length)] as Value;

/** A payload as a caller may hand it over, valid as often as not. */
function anyPayload(): unknown {
  if (Math.random() < 0.05) return oneOf([null, undefined, 7, 'text', [], new Map(), new Note()]);
  return Object.assign({ text: oneOf(TEXTS), stars: oneOf(STARS) }, oneOf(EXTRAS));
}

/** An app with the one queue, whose broker notes what it is asked to add. */
function app(own = definition): { readonly queues: RegisteredQueues; readonly asked: AddRequest[] } {
  const asked: AddRequest[] = [];
  const addOnce = (_queue: unknown, request: AddRequest): Promise<unknown> => {
    asked.push(request);
    return Promise.resolve({ id: 'any', deduplicated: false });
  };
  const managed = { definition: own, queue: { name: 'notes' }, broker: { addOnce, now: () => 0 } };
  return { queues: { get: () => managed, isOverridden: () => false } as unknown as RegisteredQueues, asked };
}

/** What would be stored, but for what is new with each add. */
function stored({ name, data, options, critical, idempotency, deadlineMs, dueAt }: AddRequest): unknown {
  const admitted = admitJob('notes', definition, name, data, options, 5) as AdmittedJob;
  const { jobId, ...others } = admitted.options;
  return {
    name,
    json: admitted.json,
    options: others,
    isOurs: options.jobId ?? jobId?.toString().slice(0, 2),
    critical,
    idempotency,
    deadlineMs,
    dueAt,
  };
}

/** @returns how often the gate said yes, and how often the long road would have done something else */
async function compare(gateOf: (queues: RegisteredQueues) => OrdinaryAdds, tries: number) {
  const { queues, asked } = app();
  const gate = gateOf(queues);
  const place = gate.find('notes', 'note') as OrdinaryPlace;
  // A check of its own sends every job down the long road.
  const checks = [{ queue: 'notes', job: 'note', check: () => Promise.resolve() }];
  const longRoad = new JobEnqueuer(queues, checks);
  let yeses = 0;
  let differences = 0;
  for (let i = 0; i < tries; i++) {
    const [payload, options] = [anyPayload(), oneOf(OPTIONS) as EnqueueOptions | undefined];
    const request = gate.requestOf(place, 'note', payload, options);
    if (request === undefined) continue;
    yeses += 1;
    const taken = await longRoad.add('notes', 'note', payload, options).then(
      () => asked.pop() as AddRequest,
      () => undefined,
    );
    if (taken === undefined || JSON.stringify(stored(taken)) !== JSON.stringify(stored(request))) {
      differences += 1;
    }
  }
  return { yeses, differences };
}

/** Says yes although the payload was not judged; its size was. */
class Credulous extends OrdinaryAdds {
  override requestOf(...[place, name, payload, options]: Parameters<OrdinaryAdds['requestOf']>) {
    const judged = super.requestOf(place, name, { text: 'a' }, options);
    const isObject = typeof payload === 'object' && payload !== null;
    const data = judged && isObject ? writtenPayload(payload) : undefined;
    return judged && data && data.bytes <= 60 ? { ...judged, data } : undefined;
  }
}

/** Does not look at options other than the priority: forgets keys, ids, delays. */
class Forgetful extends OrdinaryAdds {
  override requestOf(...[place, name, payload, options]: Parameters<OrdinaryAdds['requestOf']>) {
    return super.requestOf(place, name, payload, options && { priority: options.priority });
  }
}

describe('the gate of the short road', () => {
  it('lets through what the long road would add, just as it would', async () => {
    const { yeses, differences } = await compare((queues) => new OrdinaryAdds(queues, []), 20_000);
    expect(differences).toBe(0);
    expect(yeses).toBeGreaterThan(500);
  });

  it.each([
    ['says yes without asking', Credulous],
    ['overlooks options', Forgetful],
  ])('would be found out if it %s', async (_mistake, Gate) => {
    expect((await compare((queues) => new Gate(queues, []), 2_000)).differences).toBeGreaterThan(0);
  });

  it('is closed to jobs that somebody checks, to overridden queues and to names that nobody knows', () => {
    const { queues } = app();
    const check = { queue: 'notes', job: 'note', check: () => Promise.resolve() };
    expect(new OrdinaryAdds(queues, [check]).find('notes', 'note')).toBeUndefined();
    expect(new OrdinaryAdds(queues, []).find('notes', 'toString')).toBeUndefined();
    const overridden = Object.assign(queues, { isOverridden: () => true });
    expect(new OrdinaryAdds(overridden, []).find('notes', 'note')).toBeUndefined();
  });

  it.each<[state: string, open: boolean, flow: FlowPolicy]>([
    ['closed to jobs that may have a key', false, { key: {} }],
    ['closed to jobs that may have a tenant', false, { tenant: {} }],
    ['closed to jobs that come in batches', false, { jobs: { note: { batch: { size: 2, waitMs: 5 } } } }],
    ['open where others come in batches', true, { jobs: { other: { batch: { size: 2, waitMs: 5 } } } }],
    ['open where there is only a rate', true, { rate: { limit: 1, perMs: 5 }, jobs: { note: {} } }],
  ])('is %s', (_state, open, flow) => {
    const gate = new OrdinaryAdds(app({ ...definition, flow }).queues, []);
    expect(gate.find('notes', 'note') !== undefined).toBe(open);
  });
});
