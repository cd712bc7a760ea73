import { defineRate } from '../jobs/flow/rate.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { FILES, issuesOf, itNames, resolve } from '../../../test/support/configuration-fixture.js';
import type { Given, Mistake } from '../../../test/support/configuration-fixture.js';

/** With a flow as a host in plain JavaScript may write it. */
function flowing(flow: unknown, name: string = FILES.name): QueueDefinition {
  return { ...FILES, name, flow } as QueueDefinition;
}

const PLACE = 'file-processing.flow';
const given = (flow: unknown): Given => ({ definitions: [flowing(flow)] });
const RATE = { limit: 10, perMs: 1_000 };

const mistakes: readonly Mistake[] = [
  ['flow', given(5), PLACE, /an object \(key, tenant, rate, jobs\), got 5/],
  ['unknown gate', given({ tennant: {} }), `${PLACE}.tennant`, /not an option.*"tenant"/],
  ['key', given({ key: 'conversationId' }), `${PLACE}.key`, /an object.*"conversationId"/],
  ['unknown option of a key', given({ key: { concurency: 1 } }), `${PLACE}.key.concurency`, /"concurrency"/],
  ['of', given({ key: { of: 'conversationId' } }), `${PLACE}.key.of`, /a function.*"conversationId"/],
  ['concurrency', given({ key: { concurrency: 0 } }), `${PLACE}.key.concurrency`, /from 1, got 0/],
  ['dead letter', given({ key: { onDeadLetter: 'stop' } }), `${PLACE}.key.onDeadLetter`, /"park", "skip"/],
  ['delays', given({ key: { delays: 'wait' } }), `${PLACE}.key.delays`, /"join", "hold".*"wait"/],
  ['required', given({ key: { required: 'yes' } }), `${PLACE}.key.required`, /true or false/],
  [
    'park with a concurrency above 1',
    given({ key: { concurrency: 2, onDeadLetter: 'park' } }),
    `${PLACE}.key.onDeadLetter`,
    /only with concurrency 1/,
  ],
  [
    'hold with a concurrency above 1',
    given({ key: { concurrency: 2, delays: 'hold' } }),
    `${PLACE}.key.delays`,
    /only with concurrency 1/,
  ],
  ['weight', given({ tenant: { weight: 0.5 } }), `${PLACE}.tenant.weight`, /whole number from 1, got 0.5/],
  [
    'weights',
    given({ tenant: { weights: { acme: 0 } } }),
    `${PLACE}.tenant.weights.acme`,
    /whole number from 1, got 0/,
  ],
  ['weights that are none', given({ tenant: { weights: 5 } }), `${PLACE}.tenant.weights`, /an object, got 5/],
  [
    'weight with concurrency',
    given({ tenant: { weight: 1, concurrency: 2 } }),
    `${PLACE}.tenant.concurrency`,
    /combined with weight:/,
  ],
  [
    'weights with concurrency',
    given({ tenant: { weights: { acme: 2 }, concurrency: 2 } }),
    `${PLACE}.tenant.concurrency`,
    /combined with weights:/,
  ],
  ['maxWaiting', given({ tenant: { maxWaiting: 0 } }), `${PLACE}.tenant.maxWaiting`, /from 1, got 0/],
  ['rate', given({ rate: 10 }), `${PLACE}.rate`, /an object \(limit, perMs, burst\), got 10/],
  ['limit', given({ rate: { ...RATE, limit: 0 } }), `${PLACE}.rate.limit`, /from 1, got 0/],
  ['a rate without perMs', given({ rate: { limit: 5 } }), `${PLACE}.rate.perMs`, /is missing/],
  ['burst', given({ key: { rate: { ...RATE, burst: 0 } } }), `${PLACE}.key.rate.burst`, /from 1, got 0/],
  [
    'shared rate of a group',
    given({ tenant: { rate: defineRate('sms', RATE) } }),
    `${PLACE}.tenant.rate.name`,
    /leave defineRate out/,
  ],
  ['name of a rate', given({ rate: defineRate('a b', RATE) }), `${PLACE}.rate.name`, /letters.*"a b"/],
  ['jobs', given({ jobs: [] }), `${PLACE}.jobs`, /an object/],
  ['unknown job', given({ jobs: { resise: {} } }), `${PLACE}.jobs.resise`, /not a job.*"resize"/],
  [
    'unknown option of a job',
    given({ jobs: { resize: { rates: RATE } } }),
    `${PLACE}.jobs.resize.rates`,
    /"rate"/,
  ],
  [
    'rate of a job',
    given({ jobs: { resize: { rate: { limit: 1, perMs: 0 } } } }),
    `${PLACE}.jobs.resize.rate.perMs`,
    /from 1 .*got 0/,
  ],
  [
    'a batch of one',
    given({ jobs: { resize: { batch: { size: 1, waitMs: 5 } } } }),
    `${PLACE}.jobs.resize.batch.size`,
    /2 to 1000, got 1/,
  ],
  [
    'a batch that waits for nobody',
    given({ jobs: { resize: { batch: { size: 2, waitMs: 0 } } } }),
    `${PLACE}.jobs.resize.batch.waitMs`,
    /from 1 .*got 0/,
  ],
  [
    'flow of an override',
    { options: { queues: { 'message-delivery': { flow: { key: { concurrency: -1 } } } } } },
    'queues.message-delivery.flow.key.concurrency',
    /from 1, got -1/,
  ],
  [
    'job of an override',
    { options: { queues: { 'message-delivery': { flow: { jobs: { 'send-mesage': {} } } } } } },
    'queues.message-delivery.flow.jobs.send-mesage',
    /not a job.*"send-message"/,
  ],
];

describe('a mistake about a flow', () => {
  itNames(mistakes);

  it('is told of every queue whose rate has the name of another one', () => {
    const rates = [RATE, { ...RATE, burst: 1 }, { ...RATE, limit: 11 }, { ...RATE, burst: 2 }];
    const definitions = rates.map((rate, i) =>
      flowing({ jobs: { resize: { rate: defineRate('sms', rate) } } }, `q${i}`),
    );
    const same = expect.stringMatching(/another rate "sms" than q0\.flow\.jobs\.resize\.rate/) as string;
    expect(issuesOf({ definitions })).toEqual([
      { path: 'q2.flow.jobs.resize.rate', message: same },
      { path: 'q3.flow.jobs.resize.rate', message: same },
    ]);
  });
});

describe('a rate that queues share', () => {
  const definitions = [flowing({ rate: defineRate('sms', RATE) })];
  const env = { REDIS_URL: 'redis://a:7000,b:7001' };

  it('needs queues in one hash slot on a Cluster', () => {
    const message = expect.stringMatching(/"sms".*set prefix: '\{mq\}'/) as string;
    expect(issuesOf({ definitions, env })).toEqual([{ path: 'prefix', message }]);
    expect(() => resolve({ definitions, env, options: { prefix: '{mq}' } })).not.toThrow();
  });

  it('needs nothing where there is one node, and a rate of a queue’s own never does', () => {
    expect(() => resolve({ definitions, env: { REDIS_HOST: 'a' } })).not.toThrow();
    expect(() => resolve({ definitions: [flowing({ rate: RATE })], env })).not.toThrow();
  });
});

describe('the flow of a queue', () => {
  const all = {
    key: { of: () => 'k', onDeadLetter: 'park', delays: 'hold', required: true, rate: { ...RATE, burst: 5 } },
    tenant: { of: () => undefined, weight: 2, weights: { acme: 5 }, maxWaiting: 10 },
    rate: defineRate('all', RATE),
    jobs: { resize: { rate: RATE, batch: { size: 2, waitMs: 1 } } },
  };
  const flowOf = (name: string, { options, definitions }: Given): unknown =>
    resolve({ options, definitions }).config.queues[name];

  it('may say all there is to say, and reaches whoever reads its settings', () => {
    expect(flowOf(FILES.name, given(all))).toMatchObject({ flow: all });
  });

  it('is that of the override, all of it', () => {
    const options = { queues: { [FILES.name]: { flow: { tenant: { concurrency: 3 } } } } };
    const { jobs: _, ...unbatched } = all;
    const resolved = flowOf(FILES.name, { ...given(unbatched), options });
    expect(resolved).toHaveProperty('flow', { tenant: { concurrency: 3 } });
  });

  it('keeps the batches that its handlers are written for, and their keys, whatever the override says of others', () => {
    const { key, jobs } = all;
    const overridden = (flow: object): unknown =>
      flowOf(FILES.name, { ...given({ key, jobs }), options: { queues: { [FILES.name]: { flow } } } });
    const { batch } = jobs.resize;
    expect(overridden({ rate: RATE })).toHaveProperty('flow', {
      rate: RATE,
      key,
      jobs: { resize: { batch } },
    });
    const larger = { size: 9, waitMs: 7 };
    expect(overridden({ key: {}, jobs: { resize: { batch: larger } } })).toHaveProperty('flow', {
      key: {},
      jobs: { resize: { batch: larger } },
    });
  });

  it('is none by default', () => {
    expect(flowOf(FILES.name, {})).not.toHaveProperty('flow');
  });
});
