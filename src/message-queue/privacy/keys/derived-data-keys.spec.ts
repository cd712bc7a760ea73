import { randomBytes } from 'node:crypto';
import { SEALED_FIELD } from '../../jobs/sealing/payload-seal.js';
import type { EncryptionKey } from '../../ports/encryption/key-provider.js';
import { opened, PAYLOAD, Ring, sealOf, stored } from '../../../../test/support/queue-seal-fixture.js';

describe('Keys that are derived from the ring', () => {
  it('open after the ring turned, for as long as it holds the old key', async () => {
    const ring = new Ring('k-1');
    const data = await stored(sealOf(ring));
    const [old] = ring.keys;
    ring.keys.unshift({ id: 'k-2', secret: randomBytes(32) });
    expect((await opened(sealOf(ring), data)).data).toEqual(PAYLOAD);
    ring.keys.splice(ring.keys.indexOf(old as EncryptionKey), 1);
    await expect(async () => opened(sealOf(ring), data)).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
  });

  it('break the seal under another secret of the same name', async () => {
    const data = await stored(sealOf(new Ring('k-1')));
    await expect(async () => opened(sealOf(new Ring('k-1')), data)).rejects.toMatchObject({
      code: 'SEAL_BROKEN',
    });
  });

  it('go on while the ring is away, and say so where they never came', async () => {
    const ring = new Ring('k-1');
    const seal = sealOf(ring);
    const data = await stored(seal);
    ring.isAway = true;
    expect((await opened(seal, await stored(seal))).data).toEqual(PAYLOAD);
    expect((await opened(seal, data)).data).toEqual(PAYLOAD);
    const fresh = sealOf(ring);
    await expect(stored(fresh)).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    await expect(async () => opened(fresh, data)).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    ring.isAway = false;
    expect((await opened(fresh, data)).data).toEqual(PAYLOAD);
  });

  it('are at hand once they were asked for', async () => {
    const seal = sealOf(new Ring('k-1'));
    const parts = seal.split('write', PAYLOAD);
    expect(seal.sealNow('write', parts)).toBeUndefined();
    await stored(seal);
    expect(seal.sealNow('write', parts)).toEqual(expect.stringContaining(SEALED_FIELD));
  });

  it('reject an add whose key does not come in time', async () => {
    const ring = new Ring('k-1');
    ring.current = () => new Promise(() => undefined);
    await expect(stored(sealOf(ring, { timeoutMs: 5 }))).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
  });
});
