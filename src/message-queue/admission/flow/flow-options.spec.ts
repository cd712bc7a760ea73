import { InvalidJobOptionsError } from '../../jobs/errors.js';
import type { FlowPolicy } from '../../jobs/flow/flow-policy.js';
import { MAX_DELAY_MS } from '../../jobs/retry-policy.js';
import { mapEnqueueOptions } from '../job-options.js';
import type { EnqueueOptions, MappedEnqueueOptions } from '../job-options.js';
import { admitJob } from '../job-admission.js';
import type { AdmittedJob } from '../job-admission.js';
import { SealedPayload, writtenPayload } from '../payloads/json-payload.js';
import { NOW, refused, settings } from '../../../../test/support/admission-fixture.js';

interface Chat {
  readonly chat?: string;
  readonly owner?: string;
}

const BOTH: FlowPolicy = { key: {}, tenant: {} };
const TOLD: FlowPolicy = {
  key: { of: ({ chat }: Chat) => chat },
  tenant: { of: ({ owner }: Chat, job: string) => owner && `${job}/${owner}` },
};

const map = (options: unknown, flow?: FlowPolicy): MappedEnqueueOptions =>
  mapEnqueueOptions({ queue: 'q', job: 'send' }, options as EnqueueOptions, NOW, { flow });
const admit = (flow: FlowPolicy | undefined, data: unknown, options: object = {}): AdmittedJob =>
  // A queue without a seal waits for nothing.
  admitJob('q', { ...settings, flow }, 'send', data, options, NOW) as AdmittedJob;
const issuesOf = (act: () => unknown): Record<string, string> =>
  Object.fromEntries(refused(act).issues.map(({ path, message }) => [path, message]));

describe('the options of a call', () => {
  it('say the groups of a job and until when it may start, in its record', () => {
    const { options } = map({ key: 'c-42', tenant: 'acme', expiresIn: 500 }, BOTH);
    expect(options.mq).toEqual({ key: 'c-42', tenant: 'acme', expiresInMs: 500 });
    expect(map({ expiresIn: 1 }).options.mq).toEqual({ expiresInMs: 1 });
  });

  it.each([
    ['a Date', new Date(NOW + 5), NOW + 5],
    ['milliseconds', NOW + 5.5, NOW + 5],
    ['a time that has passed', 7, 7],
    ['five years from now', NOW + MAX_DELAY_MS, NOW + MAX_DELAY_MS],
  ])('say when it is due, as a time that no clock moves: %s', (_what, deliverAt, dueAt) => {
    const mapped = map({ deliverAt });
    expect(mapped.dueAt).toBe(dueAt);
    expect(mapped.options).not.toHaveProperty('delay');
  });

  it.each<[what: string, options: object, path: string, message: RegExp]>([
    ['a text for a date', { deliverAt: '2027-01-01' }, 'deliverAt', /a Date or milliseconds/],
    ['a Date that is none', { deliverAt: new Date('x') }, 'deliverAt', /a Date or milliseconds/],
    ['no number', { deliverAt: Number.NaN }, 'deliverAt', /a Date or milliseconds/],
    ['a time without end', { deliverAt: Number.POSITIVE_INFINITY }, 'deliverAt', /a Date or milliseconds/],
    ['a time far away', { deliverAt: NOW + MAX_DELAY_MS + 1 }, 'deliverAt', /more than five years ahead/],
    ['two due times', { deliverAt: NOW, delay: 0 }, 'deliverAt', /combined with delay/],
    [
      'a due time of a schedule',
      { deliverAt: NOW, repeat: { every: 5_000 } },
      'deliverAt',
      /repeat\.startDate/,
    ],
    ['no time to start', { expiresIn: 0 }, 'expiresIn', /from 1 /],
    ['half a millisecond', { expiresIn: 1.5 }, 'expiresIn', /whole number/],
    ['an empty key', { key: '' }, 'key', /1 to 128 printable characters.*an empty string/],
    ['a blank key', { key: '  ' }, 'key', /not blank/],
    ['a long key', { key: 'k'.repeat(129) }, 'key', /a string of 129 characters/],
    ['a key of two lines', { key: 'a\nb' }, 'key', /control character/],
    ['a tenant that turns the text', { tenant: 'a\u202eb' }, 'tenant', /control character/],
    ['half of an emoji', { tenant: 'a\ud83d' }, 'tenant', /surrogate pair/],
    ['a number', { tenant: 7 }, 'tenant', /printable characters, not blank, got 7|got a number/],
  ])('are refused: %s', (_what, options, path, message) => {
    const act = (): unknown => map(options, BOTH);
    expect(act).toThrow(InvalidJobOptionsError);
    expect(issuesOf(act)).toEqual({ [path]: expect.stringMatching(message) as string });
  });

  it('never appear in an error: a key may be what it should not be', () => {
    expect(() => map({ key: '+49 170 1234567\u0000' }, BOTH)).toThrow(/^(?!.*1234567)/s);
  });

  it('are all told of at once', () => {
    const all = { key: '', tenant: '', expiresIn: 0, deliverAt: 'x', delay: 5, priority: 11 };
    expect(Object.keys(issuesOf(() => map(all, BOTH))).sort()).toEqual([
      'deliverAt',
      'expiresIn',
      'key',
      'priority',
      'tenant',
    ]);
  });

  it('need the gate, and say how it is declared', () => {
    const issues = issuesOf(() => map({ key: 'k', tenant: 't' }));
    expect(issues['key']).toMatch(/declare `flow\.key` in defineQueue, or in forRoot\(\{ queues \}\)/);
    expect(issues['tenant']).toMatch(/declare `flow\.tenant`/);
    expect(Object.keys(issuesOf(() => map({ key: 'k', tenant: 't' }, { tenant: {} })))).toEqual(['key']);
    expect(map({ key: 'u-7' }, { jobs: { send: { batch: { size: 2, waitMs: 5 } } } }).options.mq?.key).toBe(
      'u-7',
    );
  });

  it('must have what the queue requires, unless the payload may tell it', () => {
    const required: FlowPolicy = { key: { required: true }, tenant: { required: true, of: () => 't' } };
    expect(issuesOf(() => map({}, required))).toEqual({ key: expect.stringMatching(/flow\.key\.required/) });
    expect(map({ key: 'k' }, required).options.mq).toEqual({ key: 'k' });
  });
});

describe('a job of Bull’s own call', () => {
  it('has the groups that its record says, or its payload', () => {
    const payload = { chat: 'c-42', owner: 'acme' };
    const mq = { key: 'mine', expiresInMs: 5 };
    expect(admit(TOLD, payload).options.mq).toMatchObject({ key: 'c-42', tenant: 'send/acme' });
    expect(admit(TOLD, payload, { mq }).options.mq).toMatchObject({ ...mq, tenant: 'send/acme' });
    expect(admit(TOLD, {}).options.mq).toEqual({ defaultAttempts: true });
    expect(admit(TOLD, { chat: 'c' }, { attempts: 2 }).options.mq).toEqual({ key: 'c' });
  });

  it('is the same when it is admitted again, and keeps what was told before', () => {
    const { options } = admit(TOLD, { chat: 'c-42' });
    expect(admit(TOLD, { chat: 'other' }, options).options).toEqual(options);
  });

  it('is not asked again once it is written: sealed, it tells nothing', () => {
    const of = jest.fn(() => 'k');
    for (const data of [writtenPayload({ chat: 'c' }), new SealedPayload('{"$sealed":"x"}', 5)]) {
      expect(admit({ key: { of, required: true } }, data).options.mq).toEqual({ defaultAttempts: true });
    }
    expect(of).not.toHaveBeenCalled();
  });

  it.each<[what: string, flow: FlowPolicy, options: object, issues: Record<string, RegExp>]>([
    [
      'ids that are none',
      BOTH,
      { mq: { key: '', tenant: 5 } },
      { 'mq.key': /1 to 128/, 'mq.tenant': /1 to 128/ },
    ],
    ['a record of another queue', {}, { mq: { key: 'k' } }, { 'mq.key': /declare `flow\.key`/ }],
    ['expiry', {}, { mq: { expiresInMs: 0 } }, { 'mq.expiresInMs': /from 1 / }],
    [
      'nothing that is required',
      { tenant: { required: true } },
      {},
      { 'mq.tenant': /flow\.tenant\.required/ },
    ],
    ['lifo with a key', BOTH, { lifo: true, mq: { key: 'k' } }, { lifo: /keep their order/ }],
    ['lifo with a tenant', BOTH, { lifo: true, mq: { tenant: 't' } }, { lifo: /keep their order/ }],
    ['lifo with a key that is told', TOLD, { lifo: true }, { lifo: /keep their order/ }],
    [
      'lifo of a batch',
      { jobs: { send: { batch: { size: 2, waitMs: 5 } } } },
      { lifo: true },
      { lifo: /keep their order/ },
    ],
    ['all of it', {}, { priority: 0, mq: { key: 'k', n: 1 } }, { priority: /./, 'mq.key': /./, 'mq.n': /./ }],
  ])('is refused with %s', (_what, flow, options, issues) => {
    const expected = Object.entries(issues).map(([path, message]) => [path, expect.stringMatching(message)]);
    expect(issuesOf(() => admit(flow, { chat: 'c' }, options))).toEqual(Object.fromEntries(expected));
  });

  it('may be lifo where it joins no group', () => {
    expect(admit(TOLD, {}, { lifo: true }).options.lifo).toBe(true);
  });
});

describe('what tells a group', () => {
  const cause = new RangeError('no chat 1234567');
  const thrown = (): never => {
    throw cause;
  };

  it.each<[what: string, of: () => unknown, message: RegExp]>([
    ['throws', thrown, /^could not be told from the payload: flow\.key\.of threw an Error$/],
    [
      'tells no id',
      () => '',
      /1 to 128 printable characters, not blank, got an empty string from flow\.key\.of/,
    ],
    ['tells null', () => null, /got null/],
    ['tells an object', () => ({}), /got an object/],
    ['promises one', async () => Promise.reject(cause), /at once, got a promise from flow\.key\.of/],
    ['tells nothing that is required', () => undefined, /is missing.*flow\.key\.required/],
  ])('is refused when it %s', (_what, of, message) => {
    const act = (): unknown => admit({ key: { of: of as () => string, required: true } }, {});
    expect(act).toThrow(InvalidJobOptionsError);
    expect(issuesOf(act)).toEqual({ key: expect.stringMatching(message) as string });
    expect(refused(act).message).not.toContain('1234567');
  });

  it('is kept as the cause', () => {
    expect(refused(() => admit({ tenant: { of: thrown } }, {})).cause).toBe(cause);
  });

  it('is asked for both gates, and all is told at once', () => {
    expect(Object.keys(issuesOf(() => admit({ key: { of: thrown }, tenant: { of: () => '' } }, {})))).toEqual(
      ['key', 'tenant'],
    );
  });

  it('is asked only of a payload that may be stored', () => {
    const of = jest.fn(thrown);
    expect(refused(() => admit({ key: { of } }, { n: Number.NaN })).code).toBe('INVALID_PAYLOAD');
    expect(of).not.toHaveBeenCalled();
  });
});
