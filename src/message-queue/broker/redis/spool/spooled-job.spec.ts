import { NOTES, PAYLOAD, queueOf, Ring } from '../../../../../test/support/queue-seal-fixture.js';
import { fingerprintOf } from '../../../admission/fingerprint.js';
import { admitJob } from '../../../admission/job-admission.js';
import { ledgerEntry } from '../../../admission/ledger-entry.js';
import { storedPayload } from '../../../admission/payloads/stored-payload.js';
import { plainName } from '../../../jobs/sealing/keyed-ledger.js';
import type { SealableQueue } from '../../../jobs/sealing/payload-seal.js';
import { spooledAdd, spooledJob } from './spooled-job.js';
import type { SpooledJob } from './spooled-job.js';

const [NAME, KEY, BASE] = ['write', 'order-7', 'mq:notes:'];
const DIGEST = fingerprintOf(PAYLOAD, NAME);

/** A note as a process with this queue writes it to the spool. */
async function spooled(queue: SealableQueue, isKeyed = true, jobId?: string): Promise<SpooledJob> {
  const data = await storedPayload(queue, PAYLOAD, 10_000, { queue: queue.name, job: NAME });
  const options = { jobId };
  const job = await admitJob(queue.name, queue, NAME, data, options);
  const idempotency = { key: KEY, ttlMs: 1_000, ...(await ledgerEntry(queue, NAME, PAYLOAD, KEY)) };
  return spooledJob(BASE, { name: NAME, data, options, ...(isKeyed && { idempotency }) }, job);
}

describe('A job of a sealed queue that lies in a spool', () => {
  it('has the name and the fingerprint of its key as Redis would have them', async () => {
    const queue = queueOf(new Ring('k-1'));
    const { onceKey, fingerprint, record } = await spooled(queue);
    const entry = await ledgerEntry(queue, NAME, PAYLOAD, KEY);
    expect({ onceKey, fingerprint }).toEqual({ onceKey: entry.names[0], fingerprint: entry.fingerprint });
    expect(record).not.toContain(DIGEST);
  });

  it('is looked for under the keys of the ring by which it is sent', async () => {
    const ring = new Ring('k-1');
    const job = await spooled(queueOf(ring));
    ring.keys.unshift(...new Ring('k-2').keys);
    const later = queueOf(ring);
    const { idempotency } = (await spooledAdd(job, later)).request;
    const { names } = await ledgerEntry(later, NAME, PAYLOAD, KEY);
    expect(idempotency).toEqual({ key: KEY, names, fingerprint: job.fingerprint, ttlMs: 1_000 });
    expect(names).toContain(job.onceKey);
  });

  it('is known by keyed hashes once sealing is on, although it was written before', async () => {
    const ring = new Ring('k-1');
    const job = await spooled(queueOf(ring, { sealing: 'open-only' }));
    expect(job).toMatchObject({ onceKey: plainName(KEY), fingerprint: DIGEST });
    const on = queueOf(ring);
    const { idempotency } = (await spooledAdd(job, on)).request;
    expect(idempotency).toEqual({
      ...{ key: KEY, ttlMs: 1_000 },
      ...(await ledgerEntry(on, NAME, PAYLOAD, KEY)),
    });
  });
});

describe('A job that comes out of a spool', () => {
  const NAMED = /^m_[\w-]{16}$/;

  it.each([
    ['of a sealed queue', NOTES],
    ['of another queue', { ...NOTES, sealed: false }],
  ])('is known by its generated id, with a key or without: %s', async (_which, definition) => {
    const queue = queueOf(new Ring('k-1'), {}, definition);
    for (const isKeyed of [true, false]) {
      const job = await spooled(queue, isKeyed);
      const { idempotency, spooledAs } = (await spooledAdd(job, queue)).request;
      expect({ spooledAs, isKeyed }).toEqual({ spooledAs: job.id, isKeyed: idempotency !== undefined });
    }
  });

  it('is known by a random name where its id was chosen, the same whenever it is sent', async () => {
    const queue = queueOf(new Ring('k-1'));
    const add = async (job: SpooledJob) => (await spooledAdd(job, queue)).request.spooledAs;
    const [first, second] = [await spooled(queue, false, 'ada'), await spooled(queue, false, 'ada')];
    expect(await add(first)).toMatch(NAMED);
    expect(await add(first)).toBe(await add(first));
    expect(await add(first)).not.toBe(await add(second));
  });
});
