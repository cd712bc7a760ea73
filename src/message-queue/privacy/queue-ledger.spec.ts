import { aProcess, aStore } from '../../../test/privacy/stored-keys.fixture.js';
import { KeyRing } from '../../../test/support/key-ring.js';
import { JOB, NOTES, PAYLOAD, queueOf, Ring } from '../../../test/support/queue-seal-fixture.js';
import { isSamePayload, ledgerEntry } from '../admission/ledger-entry.js';
import type { LedgerEntry } from '../admission/ledger-entry.js';
import { fingerprintOf } from '../admission/fingerprint.js';
import { storedPayload } from '../admission/payloads/stored-payload.js';
import { KeyUnavailableError } from '../jobs/sealing/sealing-errors.js';
import { plainName } from '../jobs/sealing/keyed-ledger.js';
import type { SealableQueue } from '../jobs/sealing/payload-seal.js';
import { ManualClock } from '../../kernel/time/manual-clock.js';
import { AppCodecKeys } from './keys/app-codec-keys.js';

const KEY = 'order-7';
const OTHER = { ...PAYLOAD, text: 'Zoë is well' };
const DAY_MS = 24 * 60 * 60_000;

const entryOf = async (
  queue: SealableQueue,
  payload: object = PAYLOAD,
  key = KEY,
  job = 'write',
): Promise<LedgerEntry> => ledgerEntry(queue, job, payload, key);

/** Whether an add of a payload takes an entry for its own, as a broker asks. */
async function takes(
  queue: SealableQueue,
  fingerprint: string,
  payload: object,
  key = KEY,
): Promise<boolean> {
  const { job, jobId } = JOB;
  const { json } = await storedPayload(queue, payload, 10_000, { queue: queue.name, job });
  return isSamePayload(queue, { job, jobId, json, key }, fingerprint);
}

describe('The name of an idempotency key', () => {
  it('is another one for each key of the ring, that of the current one first, the plain one last', async () => {
    const { names } = await entryOf(queueOf(new Ring('k-2', 'k-1')));
    expect(names).toHaveLength(3);
    expect(new Set(names).size).toBe(3);
    expect(names.at(-1)).toBe(plainName(KEY));
    for (const name of names) expect(name).toMatch(/^[\w-]{43}$/);
  });

  it('is the same in every process, whichever key is current there', async () => {
    const ring = new Ring('k-1', 'k-2');
    const { names } = await entryOf(queueOf(ring));
    expect((await entryOf(queueOf(ring))).names).toEqual(names);
    ring.keys.reverse();
    const [second, first] = (await entryOf(queueOf(ring))).names;
    expect([first, second]).toEqual(names.slice(0, 2));
  });

  it('is another one in another queue, for another key, and with another ring', async () => {
    const ring = new Ring('k-1');
    const [own, ...others] = await Promise.all([
      entryOf(queueOf(ring)),
      entryOf(queueOf(ring, {}, { ...NOTES, name: 'others' })),
      entryOf(queueOf(ring), PAYLOAD, 'order-8'),
      entryOf(queueOf(new Ring('k-1'))),
    ]);
    for (const { names } of others) expect(names[0]).not.toBe(own.names[0]);
  });

  it('is asked for once, and then at hand', async () => {
    const queue = queueOf(new Ring('k-1'));
    const first = ledgerEntry(queue, 'write', PAYLOAD, KEY);
    expect(first).toBeInstanceOf(Promise);
    const known = await first;
    expect(ledgerEntry(queue, 'write', PAYLOAD, KEY)).toEqual(known);
  });

  it('cannot be had while the key provider is away: the add may be sent again', async () => {
    const ring = new Ring('k-1');
    const queue = queueOf(ring);
    ring.isAway = true;
    await expect(entryOf(queue)).rejects.toThrow(KeyUnavailableError);
    ring.isAway = false;
    await expect(entryOf(queue)).resolves.toBeDefined();
  });

  it('is not waited for longer than an add may take', async () => {
    const ring = new Ring('k-1');
    ring.ids = () => new Promise(() => undefined);
    await expect(entryOf(queueOf(ring, { timeoutMs: 20 }))).rejects.toThrow(KeyUnavailableError);
  });
});

describe('The fingerprint of a payload', () => {
  it('is another one for another payload, job, idempotency key, queue and conversation', async () => {
    const ring = new Ring('k-1');
    const queue = queueOf(ring);
    const entries = await Promise.all([
      entryOf(queue),
      entryOf(queue, OTHER),
      entryOf(queue, PAYLOAD, KEY, 'print'),
      entryOf(queue, PAYLOAD, 'order-8'),
      entryOf(queueOf(ring, {}, { ...NOTES, name: 'others' })),
      entryOf(queue, { ...PAYLOAD, conversationId: 'c-2' }),
    ]);
    expect(new Set(entries.map(({ fingerprint }) => fingerprint)).size).toBe(entries.length);
    expect((await entryOf(queueOf(ring))).fingerprint).toBe(entries[0].fingerprint);
  });

  it('is not the plain one, nor are parts of it', async () => {
    const { fingerprint } = await entryOf(queueOf(new Ring('k-1')));
    expect(fingerprint).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
    expect(fingerprint).not.toContain(fingerprintOf(PAYLOAD, 'write'));
  });

  it('tells the same payload after the ring was rotated', async () => {
    const ring = new Ring('k-1');
    const { fingerprint } = await entryOf(queueOf(ring));
    ring.keys.unshift(...new Ring('k-2').keys);
    const later = queueOf(ring);
    expect((await entryOf(later)).fingerprint).not.toBe(fingerprint);
    expect(await takes(later, fingerprint, PAYLOAD)).toBe(true);
    expect(await takes(later, fingerprint, OTHER)).toBe(false);
    expect(await takes(later, fingerprint, PAYLOAD, 'order-8')).toBe(false);
  });

  it('cannot be told when the key that it was made with is gone: the add may be sent again', async () => {
    const ring = new Ring('k-1');
    const { fingerprint } = await entryOf(queueOf(ring));
    ring.keys.splice(0, 1, ...new Ring('k-2').keys);
    await expect(takes(queueOf(ring), fingerprint, PAYLOAD)).rejects.toThrow(KeyUnavailableError);
  });

  it('is plain while sealing is "open-only", and tells both from each other', async () => {
    const ring = new Ring('k-1');
    const [on, openOnly] = [queueOf(ring), queueOf(ring, { sealing: 'open-only' })];
    const plain = await entryOf(openOnly);
    expect(plain.fingerprint).toBe(fingerprintOf(PAYLOAD, 'write'));
    const keyed = await entryOf(on);
    expect([...plain.names].reverse()).toEqual(keyed.names);
    for (const [queue, { fingerprint }] of [
      [on, plain],
      [openOnly, keyed],
    ] as const) {
      expect(await takes(queue, fingerprint, PAYLOAD)).toBe(true);
      expect(await takes(queue, fingerprint, OTHER)).toBe(false);
    }
  });

  it.each([
    ['sealing is off', NOTES, { sealing: 'off' as const }],
    ['the queue is not sealed', { ...NOTES, sealed: false }, {}],
  ])('is plain, and the name too, where %s', async (_why, definition, options) => {
    expect(await entryOf(queueOf(new Ring(), options, definition))).toEqual({
      names: [plainName(KEY)],
      fingerprint: fingerprintOf(PAYLOAD, 'write'),
    });
  });
});

describe('The fingerprint of a payload whose data key is stored', () => {
  /** A queue of one process; what is given is what it shares with others. */
  function stored(shared: { ring: KeyRing; store: ReturnType<typeof aStore>; clock: ManualClock }) {
    const limits = { keys: 100, forMs: 60_000 };
    const process = aProcess(shared);
    const queue = queueOf(shared.ring, {
      openKeys: () => new AppCodecKeys(process.dataKeys, shared.ring, shared.clock, limits),
    });
    return { ...process, queue };
  }
  const alone = () => stored({ ring: new KeyRing(), store: aStore(), clock: new ManualClock() });

  it('begins with the id of that key, and is the same in every process', async () => {
    const one = alone();
    const { fingerprint } = await entryOf(one.queue);
    const { id } = await one.seal('conversation:c-1');
    expect(fingerprint.split('.')[0]).toBe(id.toString('base64url'));
    expect((await entryOf(stored(one).queue)).fingerprint).toBe(fingerprint);
  });

  it('stays the same when the ring is rotated, and tells the same payload when the scope gets another key', async () => {
    const one = alone();
    const { fingerprint } = await entryOf(one.queue);
    one.ring.rotate();
    const { queue, clock } = stored(one);
    expect((await entryOf(queue)).fingerprint).toBe(fingerprint);
    await clock.advance(30 * DAY_MS);
    expect((await entryOf(queue)).fingerprint).not.toBe(fingerprint);
    expect(await takes(queue, fingerprint, PAYLOAD)).toBe(true);
    expect(await takes(queue, fingerprint, OTHER)).toBe(false);
  });

  it('seals nothing: it is not counted as a text', async () => {
    const shared = { ring: new KeyRing(), store: aStore(), clock: new ManualClock() };
    const { dataKeys } = aProcess({ ...shared, mostTexts: 1 });
    await dataKeys.fingerprintKey('queue:notes', 'notes');
    const key = dataKeys.sealingKeyNow('queue:notes');
    expect(dataKeys.fingerprintKeyNow('queue:notes', 'notes')).toBe(key);
  });

  it('dies with it', async () => {
    const one = alone();
    const { fingerprint } = await entryOf(one.queue);
    await one.shred('conversation:c-1');
    const later = stored(one).queue;
    await expect(entryOf(later)).rejects.toMatchObject({ code: 'SCOPE_SHREDDED' });
    const digest = fingerprintOf(PAYLOAD, 'write');
    expect(await later.ledger?.isFingerprintOf(fingerprint, { key: KEY, digest })).toBe(false);
  });
});
