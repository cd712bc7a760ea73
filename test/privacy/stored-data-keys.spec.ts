import { randomBytes } from 'node:crypto';
import {
  KeyUnavailableError,
  ScopeShreddedError,
} from '../../src/message-queue/jobs/sealing/sealing-errors.js';
import type { DataKey } from '../../src/message-queue/privacy/keys/data-keys.js';
import { aLoneProcess, aProcess, SCOPE } from './stored-keys.fixture.js';
import { waitUntil } from '../support/wait-until.js';

const DAY_MS = 24 * 60 * 60_000;
const DERIVED_ID = Buffer.concat([Buffer.of(1), randomBytes(15)]);

function secretOf(found: unknown): string {
  return (found as DataKey).secret.toString('hex');
}

describe('stored data keys', () => {
  it('are 32 random bytes, one key for each scope, under an id that begins with 0', async () => {
    const { seal } = aLoneProcess();
    const key = await seal();
    expect([key.id.length, key.id[0], key.secret.length]).toEqual([16, 0, 32]);
    expect(await seal()).toBe(key);
    const other = await seal('tenant:c-42');
    expect(secretOf(other)).not.toBe(secretOf(key));
  });

  it('are the same in every process, and open in one that never sealed with them', async () => {
    const one = aLoneProcess();
    const [two, three] = [aProcess(one), aProcess(one)];
    const [first, second] = await Promise.all([one.seal(), two.seal()]);
    expect(secretOf(second)).toBe(secretOf(first));
    expect(secretOf(await three.open(first.id))).toBe(secretOf(first));
    expect(await three.open(Buffer.concat([Buffer.of(0), randomBytes(15)]))).toBe('unknown');
    expect(await three.open(DERIVED_ID)).toBe('unknown');
  });

  it('are in the store wrapped, under hashes that tell nothing of the scope', async () => {
    const { seal, dataKeys, store } = aLoneProcess();
    const key = await seal();
    const record = await store.byId(key.id.toString('base64url'));
    expect(record?.scopeHash).toBe(await dataKeys.digest(SCOPE));
    expect(record?.scopeHash).toMatch(/^[\w-]{43}$/);
    expect(record?.wrapped).toMatch(/^mq1\.AES-256-GCM\./);
    const stored = JSON.stringify(store.recorder.callsOf('add').map(({ args: [added] }) => added));
    for (const secret of ['c-42', key.secret.toString('base64url'), key.secret.toString('base64')])
      expect(stored).not.toContain(secret);
  });

  it('open in no other record than their own', async () => {
    const one = aLoneProcess();
    const [mine, other] = [await one.seal(), await one.seal('conversation:other')];
    const [from, to] = await Promise.all(
      [mine, other].map(({ id }) => one.store.byId(id.toString('base64url'))),
    );
    const swapped = { wrapped: from?.wrapped ?? '', ringKeyId: from?.ringKeyId ?? '' };
    expect(await one.store.rewrap(to?.keyId ?? '', to?.wrapped ?? '', swapped)).toBe(true);
    await expect(aProcess(one).open(other.id)).rejects.toThrow(KeyUnavailableError);
  });

  it('are asked for once, however many wait', async () => {
    const { seal, open, store } = aLoneProcess();
    const keys = await Promise.all(Array.from({ length: 50 }, () => seal()));
    expect(new Set(keys).size).toBe(1);
    expect(store.recorder.callsOf('add').length).toBe(2); // the key of names, and this one
    const fresh = aProcess({ ...aLoneProcess(), store });
    await Promise.all(
      Array.from({ length: 50 }, () => fresh.open(keys[0]?.id ?? Buffer.alloc(0)).catch(String)),
    );
    expect(store.recorder.callsOf('byId').length).toBe(1);
    expect(await open(keys[0]?.id ?? Buffer.alloc(0))).toMatchObject({ id: keys[0]?.id });
  });

  it('stay with one caller when another one gives up', async () => {
    const { seal, store } = aLoneProcess();
    const letGo = store.holdBack();
    const controller = new AbortController();
    const [given, kept] = [seal(SCOPE, controller.signal), seal()];
    controller.abort(new Error('the add took too long'));
    await expect(given).rejects.toThrow('the add took too long');
    letGo();
    expect((await kept).secret.length).toBe(32);
  });

  it('keep no more than they may, the one used longest ago goes', async () => {
    const { seal, store } = aLoneProcess({ keys: 3 });
    const asked = (): number => store.recorder.callsOf('current').length;
    for (const scope of ['queue:a', 'queue:b', 'queue:c', 'queue:a', 'queue:d']) await seal(scope);
    const before = asked();
    for (const scope of ['queue:a', 'queue:c', 'queue:d']) await seal(scope);
    expect(asked()).toBe(before);
    await seal('queue:b');
    expect(asked()).toBe(before + 1);
  });
});

describe('generations', () => {
  it('begin anew after so many texts, and the older keys still open', async () => {
    const { seal, open, dataKeys } = aLoneProcess({ mostTexts: 3 });
    const ids = new Set<string>();
    for (let text = 0; text < 9; text += 1) ids.add((await seal()).id.toString('hex'));
    expect(ids.size).toBe(3);
    expect(dataKeys.sealingKeyNow(SCOPE)).toBeUndefined();
    for (const id of ids)
      expect(await open(Buffer.from(id, 'hex'))).toMatchObject({ id: expect.any(Buffer) });
  });

  it('begin anew after 30 days, one for all processes', async () => {
    const one = aLoneProcess();
    const two = aProcess(one);
    const first = await one.seal();
    await two.seal();
    await one.clock.advance(30 * DAY_MS);
    const [next, same] = [await one.seal(), await two.seal()];
    expect(next.id).not.toEqual(first.id);
    expect(same.id).toEqual(next.id);
    expect(one.store.recorder.callsOf('add').map(({ args: [key] }) => key.generation)).toContain(2);
  });

  it('count no text twice, and forget none, when the key is asked for again', async () => {
    const { seal, clock, store } = aLoneProcess({ mostTexts: 4 });
    const first = await seal();
    await seal();
    await clock.advance(61_000);
    expect((await seal()).id).toEqual(first.id);
    expect((await seal()).id).toEqual(first.id);
    expect((await seal()).id).not.toEqual(first.id);
    expect(store.recorder.callsOf('add').length).toBe(3);
  });
});

describe('a scope that was destroyed', () => {
  it('is neither sealed for nor opened after a minute, whoever destroyed it', async () => {
    const one = aLoneProcess();
    const two = aProcess(one);
    const key = await one.seal();
    await one.open(key.id);
    expect(await two.shred()).toEqual({ outcome: 'destroyed', keys: 1 });
    await one.clock.advance(60_000);
    await expect(one.seal()).rejects.toThrow(ScopeShreddedError);
    expect(await one.open(key.id)).toBe('shredded');
    expect(one.dataKeys.openingKeyNow(key.id)).toBe('shredded');
  });

  it('is known after half a minute where it is used, without anybody having waited', async () => {
    const one = aLoneProcess();
    const key = await one.seal();
    await one.shred();
    await one.clock.advance(30_000);
    expect(one.dataKeys.sealingKeyNow(SCOPE)).toBe(key);
    await waitUntil(() => one.dataKeys.sealingKeyNow(SCOPE) === undefined, 'the tombstone to be seen');
    await expect(one.seal()).rejects.toMatchObject({ code: 'SCOPE_SHREDDED' });
  });

  it('is known at once where it is told, also to a load that began before', async () => {
    const one = aLoneProcess();
    const key = await one.seal();
    const two = aProcess(one);
    const letGo = one.store.holdBack();
    const opening = two.open(key.id);
    two.dataKeys.forget(await one.dataKeys.digest(SCOPE));
    letGo();
    expect(await opening).toBe('shredded');
    one.dataKeys.forget(await one.dataKeys.digest(SCOPE));
    expect(one.dataKeys.sealingKeyNow(SCOPE)).toBeUndefined();
    await expect(one.seal()).rejects.toThrow(ScopeShreddedError);
    expect(await one.open(key.id)).toBe('shredded');
  });

  it('gets no first key either, and its name is in no error', async () => {
    const one = aLoneProcess();
    await one.shred();
    const refusal = await one.seal().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ScopeShreddedError);
    expect(String(refusal)).toContain('conversation');
    expect(String(refusal)).not.toContain('c-42');
  });
});
