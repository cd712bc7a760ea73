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
async function spooled(queue: SealableQueue, isKeyed = true): Promise<SpooledJob> {
  const data = await storedPayload(queue, PAYLOAD, 10_000, { queue: queue.name, job: NAME });
  const job = await admitJob(queue.name, queue, NAME, data);
  const idempotency = { key: KEY, ttlMs: 1_000, ...(await ledgerEntry(queue, NAME, PAYLOAD, KEY)) };
  return spooledJob(BASE, { name: NAME, data, options: {}, ...(isKeyed && { idempotency }) }, job);
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

it.each([
  ['of a sealed queue', NOTES],
  ['of another queue', { ...NOTES, sealed: false }],
])('A job %s that has no idempotency key is known by its id', async (_which, definition) => {
  const queue = queueOf(new Ring('k-1'), {}, definition);
  const job = await spooled(queue, false);
  expect(job).toMatchObject({ onceKey: null, fingerprint: null });
  const { idempotency } = (await spooledAdd(job, queue)).request;
  expect(idempotency).toMatchObject({ names: [plainName(`spool:${job.id}`)], fingerprint: job.id });
});
