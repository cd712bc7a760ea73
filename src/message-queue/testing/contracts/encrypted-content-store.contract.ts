import assert from 'node:assert/strict';
import type {
  DecryptedContent,
  EncryptedContent,
  EncryptedContentStore,
} from '../../ports/encryption/encrypted-content-store.js';
import { declareContract } from './contract-runner.js';
import type { ContractRunner, CreateSubject } from './contract-runner.js';
import { AWKWARD_TEXT, never } from './contract-values.js';

function sealed(fields: Partial<EncryptedContent> = {}): EncryptedContent {
  const algorithm = 'AES-256-GCM';
  return { messageId: 'message-1', envelope: 'envelope', keyId: 'key-1', algorithm, version: 100, ...fields };
}

function opened(fields: Partial<DecryptedContent> = {}): DecryptedContent {
  return { messageId: 'message-1', content: AWKWARD_TEXT, version: 100, ...fields };
}

/** The contract of every EncryptedContentStore. @param create an empty store for each test */
export function encryptedContentStoreContract(
  create: CreateSubject<EncryptedContentStore>,
  runner?: ContractRunner,
): void {
  declareContract('EncryptedContentStore', create, runner, (test) => {
    test('gives back both kinds as they were saved', async (store) => {
      const version = Date.UTC(2026, 0, 1);
      assert.equal(await store.saveEncrypted(sealed({ version }), never()), 'saved');
      assert.equal(await store.saveDecrypted(opened({ version: version - 1 }), never()), 'saved');
      assert.deepEqual(await store.findEncrypted('message-1'), sealed({ version }));
      assert.deepEqual(await store.findDecrypted('message-1'), opened({ version: version - 1 }));
      assert.equal(await store.findEncrypted('message-2'), null);
      assert.equal(await store.findDecrypted('message-2'), null);
    });

    test('keeps the newest version of each kind', async (store) => {
      await store.saveEncrypted(sealed({ version: 100 }), never());
      assert.equal(await store.saveEncrypted(sealed({ version: 99, envelope: 'old' }), never()), 'stale');
      const newer = sealed({ version: 101, envelope: 'new', keyId: 'key-2', algorithm: 'ChaCha20-Poly1305' });
      assert.equal(await store.saveEncrypted(newer, never()), 'saved');
      assert.deepEqual(await store.findEncrypted('message-1'), newer);
      await store.saveDecrypted(opened({ version: 100 }), never());
      assert.equal(await store.saveDecrypted(opened({ version: 99, content: 'old' }), never()), 'stale');
      assert.deepEqual(await store.findDecrypted('message-1'), opened());
    });

    test('replaces with the same version', async (store) => {
      await store.saveEncrypted(sealed({ envelope: 'first' }), never());
      assert.equal(await store.saveEncrypted(sealed({ envelope: 'again' }), never()), 'saved');
      assert.equal((await store.findEncrypted('message-1'))?.envelope, 'again');
    });

    test('ends with the newest of versions that come at once', async (store) => {
      const versions = [5, 9, 1, 7, 10, 3, 8, 2, 6, 4];
      await Promise.all(
        versions.map((version) => store.saveEncrypted(sealed({ version, envelope: `e${version}` }), never())),
      );
      assert.equal((await store.findEncrypted('message-1'))?.envelope, 'e10');
    });

    test('puts a new envelope only in the place of the one it was made from', async (store) => {
      await store.saveEncrypted(sealed({ envelope: 'old' }), never());
      const fresh = sealed({ envelope: 'new', keyId: 'key-2' });
      assert.equal(await store.replaceEncrypted('other', fresh, never()), false);
      assert.equal(await store.replaceEncrypted('old', fresh, never()), true);
      assert.equal(await store.replaceEncrypted('old', sealed({ envelope: 'late' }), never()), false);
      assert.deepEqual(await store.findEncrypted('message-1'), fresh);
      assert.equal(await store.replaceEncrypted('new', sealed({ messageId: 'message-2' }), never()), false);
      assert.equal(await store.findEncrypted('message-2'), null);
    });

    test('removes both kinds', async (store) => {
      for (const messageId of ['message-1', 'message-2', 'message-3']) {
        await store.saveEncrypted(sealed({ messageId }), never());
        await store.saveDecrypted(opened({ messageId }), never());
      }
      await store.removeMany(['message-1', 'message-2', 'unknown'], never());
      await store.removeMany([], never());
      assert.equal(await store.findEncrypted('message-1'), null);
      assert.equal(await store.findDecrypted('message-2'), null);
      assert.notEqual(await store.findEncrypted('message-3'), null);
    });
  });
}
