import { FakeGroups } from '../../../test/support/fake-groups.js';
import { KeyRing } from '../../../test/support/key-ring.js';
import { SystemClock } from '../../kernel/time/clock.js';
import { InMemoryAuditTrail } from '../adapters/in-memory/index.js';
import type { ManagedQueue, ManagedQueues } from '../broker/managed-queues.js';
import { UnknownQueueError } from '../jobs/errors.js';
import { defineQueue } from '../jobs/queue-definition.js';
import { AuditChain } from '../privacy/audit/audit-chain.js';
import { QueueAudit } from '../privacy/audit/queue-audit.js';
import { RingNameKeys } from '../privacy/keys/ring-name-keys.js';
import { Groups } from './groups.js';

const MAIL = {
  ...defineQueue({
    name: 'mail',
    description: 'A queue of a test.',
    jobs: { send: class {}, digest: class {} },
    ...{ concurrency: 1, attempts: 1, timeoutMs: 1_000, backoff: { type: 'fixed', delayMs: 1 } },
  }),
  flow: { key: {}, jobs: { digest: { batch: { size: 10, waitMs: 1_000 } } } },
} as const;
const PLAIN = { ...MAIL, name: 'plain', flow: undefined } as const;
const KEY = { key: 'c-42' };
const PARKED = { parkedBy: { jobId: 'j-1', since: 5 } };
const WHO = { by: 'ada', reason: 'ticket-4711' };

describe('Groups', () => {
  let fake: FakeGroups;
  let audit: AuditChain;
  let groups: Groups;
  const broker = {
    provider: 'memory',
    now: () => 9,
    groupsOf: () => fake,
    replay: jest.fn<Promise<ReadonlySet<string>>, unknown[]>(),
    discard: jest.fn<Promise<ReadonlySet<string>>, unknown[]>(),
  };

  beforeEach(() => {
    fake = new FakeGroups();
    audit = new AuditChain(new InMemoryAuditTrail(), new RingNameKeys(new KeyRing()), new SystemClock());
    for (const act of [broker.replay, broker.discard]) act.mockReset().mockResolvedValue(new Set(['j-1']));
    const known = [MAIL, PLAIN].map((definition) => ({
      definition,
      broker,
      queue: { name: definition.name },
    }));
    const queues: ManagedQueues = {
      names: () => known.map(({ definition }) => definition.name),
      get: (name) => {
        const found = known.find(({ definition }) => definition.name === name);
        if (found === undefined) throw new UnknownQueueError(`There is no queue "${name}".`);
        return found as unknown as ManagedQueue;
      },
    };
    groups = new Groups(queues, new QueueAudit(audit, { note: () => Promise.resolve() }));
  });

  const entries = async () => (await audit.list()).items;

  it.each<[named: Parameters<Groups['read']>[1], gate: string, id: string]>([
    [{ key: 'c-42' }, 'key', 'c-42'],
    [{ job: 'digest' }, 'batch', 'digest'],
    [{ job: 'digest', key: 'u-7' }, 'batch', 'digest:u-7'],
    [{ gate: 'key', id: 'c-42' }, 'key', 'c-42'],
    [{ gate: 'batch', id: 'digest' }, 'batch', 'digest'],
    [{ gate: 'batch', id: 'digest:u-7' }, 'batch', 'digest:u-7'],
  ])('finds the group that %j names', async (named, gate, id) => {
    expect(await groups.read('mail', named)).toMatchObject({ gate, id, held: 0 });
  });

  it.each<[what: string, named: unknown, message: RegExp]>([
    ['nothing', undefined, /group: must be one of \{ key \}/],
    ['an empty object', {}, /group: must be one of \{ key \}/],
    ['a key and a tenant', { key: 'a', tenant: 'b' }, /group: must be one of \{ key \}/],
    [
      'a tenant of a queue that has none',
      { tenant: 'acme' },
      /tenant: has no groups.*declare flow\.tenant in defineQueue, or in forRoot/,
    ],
    [
      'a job without batches',
      { job: 'send' },
      /job: is not handled in batches; declare flow\.jobs\["send"\]\.batch/,
    ],
    ['a key of a batch that is no text', { job: 'digest', key: 1 }, /key: must be 1 to 128 printable/],
    ['a gate that is none', { gate: 'door', id: 'a' }, /gate: must be one of "key", "tenant", "batch"/],
    ['a batch that is none', { gate: 'batch', id: 'send:x' }, /job: is not handled in batches/],
    ['an empty key', { key: '' }, /key: must be 1 to 128 printable/],
    ['a blank key', { key: ' ' }, /key: must be 1 to 128 printable/],
    ['a key that is too long', { key: 'x'.repeat(129) }, /key: must be 1 to 128 printable.*129/],
    ['a key with a line break', { key: 'a\nb' }, /key: must be 1 to 128 printable/],
    ['a key that is no text', { key: 42 }, /key: must be 1 to 128 printable/],
  ])('refuses %s', async (_what, named, message) => {
    const call = groups.read('mail', named as { key: string });
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_JOB_OPTIONS',
      message: expect.stringMatching(message),
    });
  });

  it('tells all that is wrong with a call at once, and quotes no key', async () => {
    const call = groups.setSlots('plain', { key: 'c\u0007-4711' }, -1);
    const error = (await call.catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toMatch(
      /key: has no groups.*\n.*key: must be.*\n.*slots: must be a whole number from 0/,
    );
    expect(error.message).not.toContain('4711');
  });

  it.each<[what: string, call: () => Promise<unknown>, message: RegExp]>([
    ['a pause without a reason', () => groups.pause(MAIL, KEY, ''), /reason: must be a string of 1 to 500/],
    ['half a slot', () => groups.setSlots(MAIL, KEY, 0.5), /slots: must be a whole number from 0/],
    [
      'slots of a batch',
      () => groups.setSlots(MAIL, { job: 'digest' }, 2),
      /group: must be that of a key or a tenant/,
    ],
    [
      'the release of a batch',
      () => groups.release(MAIL, { gate: 'batch', id: 'digest' }, 'replay'),
      /group: must be that of a key/,
    ],
    [
      'a fate that is none',
      () => groups.release(MAIL, KEY, 'burn' as 'replay'),
      /fate: must be one of "replay", "discard"/,
    ],
    [
      'a list of no state',
      () => groups.list(MAIL, { state: 'odd' } as never),
      /state: must be one of "holding"/,
    ],
    [
      'a list of too many',
      () => groups.list(MAIL, { state: 'parked', limit: 1_001 }),
      /limit: must be a whole number from 1 to 1000/,
    ],
    [
      'a cursor that is none',
      () => groups.list(MAIL, { state: 'parked', cursor: 7 as never }),
      /cursor: must be the cursor of the page before/,
    ],
    [
      'a list of a queue without groups',
      () => groups.list(PLAIN, { state: 'parked' }),
      /queue: has no groups; declare flow\.key/,
    ],
  ])('refuses %s', async (_what, call, message) => {
    await expect(call()).rejects.toMatchObject({
      code: 'INVALID_JOB_OPTIONS',
      message: expect.stringMatching(message),
    });
    expect(fake.calls).toEqual([]);
  });

  it.each(['none', undefined, {}])('knows no queue %j', async (queue) => {
    await expect(groups.read(queue as string, KEY)).rejects.toBeInstanceOf(UnknownQueueError);
  });

  it('lists a hundred unless told otherwise', async () => {
    await groups.list(MAIL, { state: 'parked' });
    await groups.list(MAIL, { state: 'paused', cursor: '12', limit: 3 });
    expect(fake.calls).toEqual([
      ['list', { state: 'parked', cursor: null, limit: 100 }],
      ['list', { state: 'paused', cursor: '12', limit: 3 }],
    ]);
  });

  it('pauses, resumes and sets slots, and writes down by whom, but of which group only a hash', async () => {
    const group = { gate: 'key', id: 'c-42' };
    fake.standing.set('key:c-42', { paused: { reason: 'abuse report', since: 1 } });
    await groups.pause(MAIL, KEY, 'abuse\nreport', WHO);
    expect(await groups.resume(MAIL, KEY, WHO)).toBe(true);
    await groups.setSlots(MAIL, KEY, 0, WHO);
    await groups.setSlots(MAIL, KEY, null);
    expect(fake.calls).toEqual([
      ['pause', group, 'abuse\\u000areport'],
      ['resume', group],
      ['set-slots', group, 0],
      ['set-slots', group, null],
    ]);
    const target = await audit.target('group', 'mail:k:c-42');
    const written = { phase: 'done', queue: 'mail', jobId: null, target };
    expect(await entries()).toMatchObject([
      { ...written, action: 'set-slots', actor: 'app' },
      { ...written, action: 'set-slots', actor: 'ada', reason: 'ticket-4711' },
      { ...written, action: 'resume', actor: 'ada' },
      { ...written, action: 'pause', actor: 'ada' },
    ]);
    expect(await groups.resume(MAIL, { key: 'c-1' })).toBe(false);
  });

  it('replays the job for which a key stands still, once that is in the audit', async () => {
    fake.standing.set('key:c-42', PARKED);
    expect(await groups.release(MAIL, KEY, 'replay', WHO)).toBe('released');
    expect(broker.replay).toHaveBeenCalledWith({ name: 'mail' }, [{ id: 'j-1' }], { at: 9, by: 'ada' });
    const target = await audit.target('job', 'mail:j-1');
    expect(await entries()).toMatchObject([
      { action: 'replay', phase: 'done', actor: 'ada', jobId: 'j-1', target, count: 1 },
      { action: 'replay', phase: 'begun', actor: 'ada', jobId: 'j-1', target },
    ]);
  });

  it('discards it', async () => {
    fake.standing.set('key:c-42', PARKED);
    expect(await groups.release(MAIL, { gate: 'key', id: 'c-42' }, 'discard')).toBe('released');
    expect(broker.discard).toHaveBeenCalledWith({ name: 'mail' }, [{ id: 'j-1' }]);
  });

  it('says that somebody else was quicker', async () => {
    fake.standing.set('key:c-42', PARKED);
    broker.discard.mockResolvedValue(new Set());
    expect(await groups.release(MAIL, KEY, 'discard')).toBe('released-meanwhile');
    expect(await entries()).toMatchObject([{ phase: 'done', count: 0 }, { phase: 'begun' }]);
  });

  it('touches nothing when the key does not stand still, or for another job than the caller saw', async () => {
    expect(await groups.release(MAIL, KEY, 'discard')).toBe('not-parked');
    fake.standing.set('key:c-42', PARKED);
    expect(await groups.release(MAIL, KEY, 'discard', { jobId: 'j-0' })).toBe('not-parked');
    expect(broker.discard).not.toHaveBeenCalled();
    expect(await entries()).toEqual([]);
    expect(await groups.release(MAIL, KEY, 'discard', { jobId: 'j-1' })).toBe('released');
  });
});
