import assert from 'node:assert/strict';
import type { KeyProvider } from '../../../ports/encryption/key-provider.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';

/** The contract of every KeyProvider. @param create a provider with a current key, for each test */
export function keyProviderContract(create: CreateSubject<KeyProvider>, runner?: ContractRunner): void {
  declareContract('KeyProvider', create, runner, (test) => {
    test('has a current key of 32 bytes with a name that may travel', async (keys) => {
      const { id, secret } = await keys.current();
      assert.equal(secret.byteLength, 32);
      assert.ok(id.length >= 1 && id.length <= 128);
    });

    test('gives the current key by its id too, and the same every time', async (keys) => {
      const first = await keys.current();
      const second = await keys.byId(first.id);
      assert.ok(second !== null);
      assert.equal(second.id, first.id);
      assert.deepEqual([...second.secret], [...first.secret]);
    });

    test('lists the ids of the keys it gives, each once, the current one first', async (keys) => {
      const [first, ...others] = await keys.ids();
      assert.equal(first, (await keys.current()).id);
      assert.equal(new Set([first, ...others]).size, others.length + 1);
      for (const id of others) assert.equal((await keys.byId(id))?.id, id);
    });

    test('knows no stranger', async (keys) => {
      await keys.current();
      for (const id of ['no such key', '__proto__', '']) assert.equal(await keys.byId(id), null);
    });
  });
}
