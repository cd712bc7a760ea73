import { randomBytes, randomUUID } from 'node:crypto';
import { SEALED_FIELD } from '../jobs/sealing/payload-seal.js';
import type { PayloadSeal } from '../jobs/sealing/payload-seal.js';
import type { StoredTexts } from '../jobs/sealing/stored-texts.js';
import { JOB, opened, PAYLOAD, Ring, sealOf, stored } from '../../../test/support/queue-seal-fixture.js';

const NOTHING = { replacements: [], isLeft: false };
const LEFT = { replacements: [], isLeft: true };

function textsOf(data: unknown, over: Partial<StoredTexts> = {}): StoredTexts {
  return {
    ...{
      id: JOB.jobId,
      name: JOB.job,
      data: JSON.stringify(data),
      progress: null,
      returnvalue: null,
      failures: [],
    },
    ...over,
  };
}

/** Everything of a job that ran, sealed. */
async function ranTexts(seal: PayloadSeal): Promise<StoredTexts> {
  const data = await stored(seal);
  const { sealer } = await opened(seal, data);
  const of = (slot: 'progress' | 'result' | 'failure'): object => ({
    [SEALED_FIELD]: sealer?.seal(slot, `{"of":"${slot}"}`),
  });
  return textsOf(data, {
    progress: JSON.stringify({ percentage: 1, data: of('progress') }),
    returnvalue: JSON.stringify(of('result')),
    failures: [sealer?.seal('failure', '"no"') ?? ''],
  });
}

/** The texts with what is to take their place. */
async function resealed(seal: PayloadSeal, texts: StoredTexts): Promise<StoredTexts> {
  const { replacements, isLeft } = await seal.stored.reseal(texts);
  expect(isLeft).toBe(false);
  const next = { ...texts, failures: [...texts.failures] };
  for (const { field, was, is } of replacements) {
    expect(is).toHaveLength(was.length);
    if (field === 'opts') next.failures[next.failures.indexOf(was)] = is;
    else next[field] = next[field]?.replace(was, is) ?? null;
  }
  return next;
}

function rotate(ring: Ring): void {
  ring.keys.unshift({ id: randomUUID(), secret: randomBytes(32) });
}

describe('Sealing a stored job anew', () => {
  it('moves payload, progress, result and failure to the current key of the ring, so that the old one can go', async () => {
    const ring = new Ring('k-1');
    const texts = await ranTexts(sealOf(ring));
    rotate(ring);
    const next = await resealed(sealOf(ring), texts);
    for (const field of ['data', 'progress', 'returnvalue'] as const)
      expect(next[field]).not.toBe(texts[field]);
    expect(next.failures).not.toEqual(texts.failures);
    ring.keys.pop();
    const later = sealOf(ring);
    expect(await opened(later, JSON.parse(next.data ?? ''))).toMatchObject({ data: PAYLOAD });
    // The others open for their job and place only, which sealing them once more needs.
    rotate(ring);
    expect((await sealOf(ring).stored.reseal(next)).replacements).toHaveLength(4);
    await expect(async () => opened(later, JSON.parse(texts.data ?? ''))).rejects.toMatchObject({
      code: 'KEY_UNAVAILABLE',
    });
  });

  it.each(['write', 'print', 'unheard-of'])('keeps what is readable as it stands: job "%s"', async (job) => {
    const ring = new Ring('k-1');
    const data = await stored(sealOf(ring), PAYLOAD, job);
    rotate(ring);
    const next = await resealed(sealOf(ring), textsOf(data, { name: job }));
    const after = JSON.parse(next.data ?? '') as Record<string, unknown>;
    expect({ ...after, [SEALED_FIELD]: 0 }).toEqual({ ...data, [SEALED_FIELD]: 0 });
    expect(await opened(sealOf(ring), after, { job, jobId: 'm_2' })).toMatchObject({ data: PAYLOAD });
  });

  it('has nothing to do for what the current key sealed, in whichever process', async () => {
    const ring = new Ring('k-1');
    const texts = await ranTexts(sealOf(ring));
    expect(await sealOf(ring).stored.reseal(texts)).toEqual(NOTHING);
  });

  it('asks for the current key when it is told to', async () => {
    const ring = new Ring('k-1');
    const seal = sealOf(ring);
    const texts = textsOf(await stored(seal));
    rotate(ring);
    expect(await seal.stored.reseal(texts)).toEqual(NOTHING);
    await seal.stored.renewKeys();
    expect((await seal.stored.reseal(texts)).replacements).toHaveLength(1);
  });

  it.each<[string, (texts: StoredTexts) => StoredTexts]>([
    [
      'a readable field was changed',
      (texts) => ({ ...texts, data: (texts.data ?? '').replace('n-1', 'n-2') }),
    ],
    ['it is of another job', (texts) => ({ ...texts, name: 'print' })],
    ['it is no sealed text', (texts) => ({ ...texts, data: `{"${SEALED_FIELD}":"AAAA"}` })],
    ['it is no text', (texts) => ({ ...texts, data: `{"${SEALED_FIELD}":7}` })],
    [
      'a later release sealed it',
      (texts) => ({ ...texts, data: `{"${SEALED_FIELD}":"${Buffer.alloc(60, 9).toString('base64url')}"}` }),
    ],
  ])('leaves what does not open: %s', async (_why, changed) => {
    const ring = new Ring('k-1');
    const texts = textsOf(await stored(sealOf(ring)));
    rotate(ring);
    expect(await sealOf(ring).stored.reseal(changed(texts))).toEqual(LEFT);
  });

  it('leaves what needs a key that is gone, and goes on with the rest', async () => {
    const ring = new Ring('k-1');
    const { progress } = await ranTexts(sealOf(ring));
    rotate(ring);
    const data = JSON.stringify(await stored(sealOf(ring)));
    ring.keys.pop();
    rotate(ring);
    const verdict = await sealOf(ring).stored.reseal(textsOf(null, { data, progress }));
    expect(verdict).toMatchObject({ replacements: [{ field: 'data' }], isLeft: true });
  });

  it('is not begun while the current key cannot be had', async () => {
    const ring = new Ring('k-1');
    const texts = textsOf(await stored(sealOf(ring)));
    ring.isAway = true;
    const seal = sealOf(ring);
    await expect(seal.stored.renewKeys()).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    await expect(seal.stored.reseal(texts)).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
  });

  it.each(['not JSON', '[1]', '"mq:sealed"', '{"mq:sealed', 'null'])(
    'has nothing to do for %s',
    async (text) => {
      const texts = textsOf(null, { data: text, progress: text, returnvalue: text });
      expect(await sealOf(new Ring('k-1')).stored.reseal(texts)).toEqual(NOTHING);
    },
  );
});
