import { WrappedKeyProvider } from '../../src/message-queue/adapters/environment-keys/index.js';
import { KeyUnavailableError } from '../../src/message-queue/jobs/sealing/sealing-errors.js';
import { ManualClock } from '../../src/message-queue/testing/index.js';
import { aLoneProcess, aProcess, aStore, QUEUE, SCOPE } from './stored-keys.fixture.js';

const MINUTE_MS = 60_000;
const ALWAYS = { times: 1_000_000 };

type Process = ReturnType<typeof aLoneProcess>;

function takeAway({ store }: Process): void {
  for (const method of ['current', 'byId', 'add'] as const)
    store.recorder.fail(method, new Error('connect ECONNREFUSED'), ALWAYS);
}

/** Seals and opens as long as it works, once every so often. @returns for how long it did, milliseconds */
async function worksFor(process: Process, id: Buffer, everyMs: number): Promise<number> {
  const from = process.clock.now();
  for (;;) {
    try {
      await process.seal();
      await process.open(id);
    } catch (error) {
      expect(error).toMatchObject({ code: 'KEY_UNAVAILABLE' });
      return process.clock.now() - from;
    }
    await process.clock.advance(everyMs);
  }
}

describe('while the data key store is away', () => {
  it.each([1_000, 20_000, 59_000, 5 * MINUTE_MS])(
    'what was opened works on for ten minutes, used every %d ms',
    async (everyMs) => {
      const process = aLoneProcess();
      const { id } = await process.seal();
      await process.open(id);
      takeAway(process);
      const workedMs = await worksFor(process, id, everyMs);
      expect(workedMs).toBeGreaterThan(9 * MINUTE_MS - everyMs);
      expect(workedMs).toBeLessThanOrEqual(10 * MINUTE_MS + everyMs);
    },
  );

  it('what was not opened waits: nothing is stored, and the same call works afterwards', async () => {
    const process = aLoneProcess();
    process.store.recorder.fail('current', new Error('connect ECONNREFUSED'), { times: 2 });
    await expect(process.seal()).rejects.toThrow(KeyUnavailableError);
    await expect(process.seal()).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    expect(process.store.recorder.callsOf('add')).toEqual([]);
    const { id } = await process.seal();
    const other = aProcess(process);
    process.store.recorder.fail('byId');
    await expect(other.open(id)).rejects.toThrow(KeyUnavailableError);
    expect(await other.open(id)).toMatchObject({ id });
  });

  it('it is asked again in the background, and its answer counts from then on', async () => {
    const process = aLoneProcess();
    const key = await process.seal();
    process.store.recorder.fail('current', new Error('connect ECONNREFUSED'), { times: 3 });
    await process.clock.advance(MINUTE_MS);
    expect(await process.seal()).toBe(key);
    await process.shred();
    // Each advance lets one more call fail, until the store is back and tells what happened meanwhile.
    for (let step = 0; step < 6; step += 1) {
      process.dataKeys.sealingKeyNow(SCOPE);
      await process.clock.advance(6_000);
    }
    await expect(process.seal()).rejects.toMatchObject({ code: 'SCOPE_SHREDDED' });
  });

  it('a store that does not answer at all keeps callers with an opened key for moments only', async () => {
    const process = aLoneProcess();
    const key = await process.seal();
    process.store.recorder.fail('current', 'stuck', ALWAYS);
    await process.clock.advance(MINUTE_MS);
    const sealing = process.seal();
    await process.clock.advance(2_000);
    expect(await sealing).toBe(key);
    // From now on it is known to be away: nobody waits, although each load takes until it is given up.
    for (let step = 0; step < 20; step += 1) {
      expect(process.dataKeys.sealingKeyNow(SCOPE)).toBe(key);
      await process.clock.advance(3_000);
    }
    process.store.recorder.release();
  });

  it('a tombstone that was seen holds', async () => {
    const process = aLoneProcess();
    const { id } = await process.seal();
    await process.open(id);
    await process.shred();
    await process.clock.advance(MINUTE_MS);
    expect(await process.open(id)).toBe('shredded');
    takeAway(process);
    await process.clock.advance(MINUTE_MS);
    expect(await process.open(id)).toBe('shredded');
  });
});

describe('while the KMS is away', () => {
  it('what was opened works on, what was not waits, and the KMS is asked again', async () => {
    let isAway = false;
    const unwrap = async (wrapped: Uint8Array): Promise<Uint8Array> => {
      if (isAway) throw new Error('the KMS is away');
      return Promise.resolve(wrapped);
    };
    const keys = { w: Buffer.from(Array.from({ length: 32 }, (_, at) => at)).toString('base64') };
    const ring = new WrappedKeyProvider({ keys, keepOpenMs: 0 }, { unwrap });
    const process = aProcess({ store: aStore(), ring, clock: new ManualClock() });
    const key = await process.seal();
    isAway = true;
    await process.clock.advance(9 * MINUTE_MS);
    expect(await process.seal()).toBe(key);
    await expect(process.seal('conversation:new')).rejects.toThrow(KeyUnavailableError);
    await process.clock.advance(2 * MINUTE_MS);
    await expect(process.seal()).rejects.toThrow(KeyUnavailableError);
    isAway = false;
    expect((await process.seal()).id).toEqual(key.id);
    expect((await process.seal('conversation:new')).secret.length).toBe(32);
  });
});

describe('while the key of names is away', () => {
  it('nothing is sealed for a new scope, and the failure is not kept', async () => {
    const process = aLoneProcess();
    process.store.recorder.fail('current');
    await expect(process.dataKeys.digest(SCOPE)).rejects.toThrow(KeyUnavailableError);
    const [first, second] = await Promise.all([
      process.dataKeys.digest(SCOPE),
      process.dataKeys.digest(SCOPE),
    ]);
    expect(first).toBe(second);
    expect(process.store.recorder.callsOf('add').length).toBe(1);
    await expect(process.dataKeys.sealingKey(SCOPE, QUEUE)).resolves.toBeDefined();
  });

  it('is the same in processes that start at the same moment', async () => {
    const one = aLoneProcess();
    const processes = Array.from({ length: 8 }, () => aProcess(one));
    const hashes = await Promise.all(processes.map(({ dataKeys }) => dataKeys.digest(SCOPE)));
    expect(new Set(hashes).size).toBe(1);
  });
});
