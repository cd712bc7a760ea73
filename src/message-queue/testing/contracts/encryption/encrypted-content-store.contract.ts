import assert from 'node:assert/strict';
import type {
  DecryptedContent,
  EncryptedContent,
  EncryptedContentStore,
} from '../../../ports/encryption/encrypted-content-store.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { at, AWKWARD_TEXT, never } from '../contract-values.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

function sealed(fields: Partial<EncryptedContent> = {}): EncryptedContent {
  return {
    ...{ messageId: 'message-1', conversationId: 'conversation-1', envelope: 'envelope', keyId: 'key-1' },
    ...{ algorithm: 'AES-256-GCM', version: 100, writtenAt: at(0), ...fields },
  };
}

function opened(fields: Partial<DecryptedContent> = {}): DecryptedContent {
  const ids = { messageId: 'message-1', conversationId: 'conversation-1' };
  return { ...ids, content: AWKWARD_TEXT, version: 100, writtenAt: at(0), ...fields };
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

    test('keeps versions exactly, up to the largest whole number', async (store) => {
      const largest = 2 ** 53 - 2;
      await store.saveEncrypted(sealed({ version: largest, envelope: 'edited' }), never());
      await store.saveDecrypted(opened({ version: largest, content: 'edited' }), never());
      for (const version of [Date.UTC(2026, 0, 1), 2 ** 48 + 1, largest - 1]) {
        assert.equal(await store.saveEncrypted(sealed({ version }), never()), 'stale');
        assert.equal(await store.saveDecrypted(opened({ version }), never()), 'stale');
      }
      assert.equal((await store.findEncrypted('message-1'))?.version, largest);
      assert.equal((await store.findDecrypted('message-1'))?.version, largest);
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
    declareErasing(test);
  });
}

function declareErasing(test: ContractTest<EncryptedContentStore>): void {
  test('erases both kinds, of a message and of a conversation', async (store) => {
    const ids = ['message-1', 'message-2', 'message-3'];
    for (const messageId of ids) {
      await store.saveEncrypted(sealed({ messageId }), never());
      await store.saveDecrypted(opened({ messageId, conversationId: undefined }), never());
    }
    const messages = { kind: 'messages', messageIds: ['message-1', 'message-2'] } as const;
    assert.equal(await store.countTraces(messages, never()), 4);
    while ((await store.eraseTraces(messages, 3, never())) > 0);
    assert.equal(await store.findEncrypted('message-1'), null);
    assert.equal(await store.findDecrypted('message-2'), null);
    const conversation = { kind: 'conversation', conversationId: 'conversation-1' } as const;
    assert.equal(await store.countTraces(conversation, never()), 1);
    assert.equal(await store.eraseTraces(conversation, 3, never()), 1);
    assert.equal(await store.findEncrypted('message-3'), null);
    assert.notEqual(await store.findDecrypted('message-3'), null);
  });

  test('knows the conversation that a message was saved with last', async (store) => {
    await store.saveEncrypted(sealed({ conversationId: undefined }), never());
    assert.equal((await store.findEncrypted('message-1'))?.conversationId, undefined);
    await store.saveEncrypted(sealed({ conversationId: 'conversation-2' }), never());
    assert.equal((await store.findEncrypted('message-1'))?.conversationId, 'conversation-2');
    await store.replaceEncrypted('envelope', sealed({ envelope: 'new' }), never());
    assert.equal((await store.findEncrypted('message-1'))?.conversationId, 'conversation-1');
  });

  declareTraces(test, {
    foundBy: ['messages', 'conversation', 'deletions'],
    holder: (store) => store,
    put: (store, { messageId, conversationId, writtenAt }) =>
      store.saveDecrypted(opened({ messageId, conversationId, writtenAt, version: 2 ** 52 + 1 }), never()),
    has: async (store, { messageId }) => (await store.findDecrypted(messageId)) !== null,
  });
}
