import { randomBytes } from 'node:crypto';
import { KeyRotation } from '../../src/message-queue/privacy/keys/key-rotation.js';
import { aLoneProcess, aProcess } from './stored-keys.fixture.js';

type Process = ReturnType<typeof aLoneProcess>;

function rotationOf({ store, ring, wrapping }: Process): KeyRotation {
  return new KeyRotation(store, ring, wrapping);
}

async function sealForMany(process: Process, count: number): Promise<Buffer[]> {
  const scopes = Array.from({ length: count }, (_, index) => `conversation:c-${index}`);
  const keys = await Promise.all(scopes.map((scope) => process.seal(scope)));
  return keys.map(({ id }) => id);
}

describe('rewrapKeys', () => {
  it('moves every data key, so that the old ring key can go', async () => {
    const process = aLoneProcess();
    const old = await process.ring.current();
    const ids = await sealForMany(process, 1_200);
    const hash = await process.dataKeys.digest('conversation:c-1');
    const current = process.ring.rotate();
    // The 1 200, and the key of names.
    expect(await rotationOf(process).rewrapKeys()).toEqual({ rewrapped: 1_201, left: 0 });
    process.ring.replace(old.id, null);
    const later = aProcess(process);
    for (const id of ids) expect(await later.open(id)).toMatchObject({ id });
    expect(await later.dataKeys.digest('conversation:c-1')).toBe(hash);
    expect(await process.store.countByRingKey()).toEqual([{ ringKeyId: current.id, keys: 1_201 }]);
    expect(await rotationOf(process).rewrapKeys()).toEqual({ rewrapped: 0, left: 0 });
  });

  it('does each key once when two do it at the same time', async () => {
    const process = aLoneProcess();
    const ids = await sealForMany(process, 300);
    process.ring.rotate();
    const reports = await Promise.all([1, 2].map(() => rotationOf(process).rewrapKeys()));
    expect(reports.reduce((total, { rewrapped }) => total + rewrapped, 0)).toBe(301);
    for (const { left } of reports) expect(left).toBe(0);
    const later = aProcess(process);
    for (const id of ids) expect(await later.open(id)).toMatchObject({ id });
  });

  it('goes on where it was stopped', async () => {
    const process = aLoneProcess();
    await sealForMany(process, 100);
    process.ring.rotate();
    process.store.recorder.fail('rewrap', new Error('connect ECONNREFUSED'), { after: 40 });
    await expect(rotationOf(process).rewrapKeys()).rejects.toThrow('ECONNREFUSED');
    const { rewrapped, left } = await rotationOf(process).rewrapKeys();
    expect(left).toBe(0);
    expect(rewrapped).toBeLessThanOrEqual(61);
    await expect(rotationOf(process).rewrapKeys(AbortSignal.abort(new Error('enough')))).rejects.toThrow(
      'enough',
    );
  });

  it('leaves what the ring does not open, and says how many', async () => {
    const process = aLoneProcess();
    const lost = await process.ring.current();
    await sealForMany(process, 3);
    const wrong = process.ring.rotate();
    await process.seal('conversation:wrong');
    const kept = process.ring.rotate();
    await process.seal('conversation:kept');
    process.ring.replace(lost.id, null);
    process.ring.replace(wrong.id, randomBytes(32));
    process.ring.rotate();
    expect(await rotationOf(process).rewrapKeys()).toEqual({ rewrapped: 1, left: 5 });
    expect(await process.store.countByRingKey()).not.toContainEqual(
      expect.objectContaining({ ringKeyId: kept.id }),
    );
  });

  it('leaves destroyed keys alone', async () => {
    const process = aLoneProcess();
    await process.seal();
    await process.shred();
    process.ring.rotate();
    expect(await rotationOf(process).rewrapKeys()).toEqual({ rewrapped: 1, left: 0 });
  });
});

describe('missingRingKeys', () => {
  it('names each ring key that is needed and not there, with what it wraps', async () => {
    const process = aLoneProcess();
    const first = await process.ring.current();
    await sealForMany(process, 4);
    process.ring.rotate();
    await process.seal('conversation:new');
    expect(await rotationOf(process).missingRingKeys()).toEqual([]);
    process.ring.replace(first.id, null);
    expect(await rotationOf(process).missingRingKeys()).toEqual([{ ringKeyId: first.id, keys: 5 }]);
  });
});
