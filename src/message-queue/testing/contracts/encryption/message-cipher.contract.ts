import assert from 'node:assert/strict';
import { EncryptionAlgorithm } from '../../../ports/encryption/encryption-algorithm.js';
import type { MessageCipher } from '../../../ports/encryption/message-cipher.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';
import { AWKWARD_TEXT } from '../contract-values.js';

/** The contract of every MessageCipher. @param create a cipher with a current key, for each test */
export function messageCipherContract(create: CreateSubject<MessageCipher>, runner?: ContractRunner): void {
  declareContract('MessageCipher', create, runner, (test) => {
    for (const algorithm of Object.values(EncryptionAlgorithm)) {
      test(`opens what it sealed, any text, ${algorithm}`, async (cipher) => {
        for (const content of ['x', AWKWARD_TEXT, 'y'.repeat(200_000)]) {
          const sealed = await cipher.seal({ messageId: 'm-1', content, algorithm });
          assert.equal(sealed.algorithm, algorithm);
          assert.ok(content === 'x' || !sealed.envelope.includes(content));
          const opened = await cipher.open({ messageId: 'm-1', envelope: sealed.envelope });
          assert.deepEqual(opened, { content, keyId: sealed.keyId, algorithm });
        }
      });
    }

    test('never seals the same content the same way', async (cipher) => {
      const seal = async (): Promise<string> =>
        (await cipher.seal({ messageId: 'm-1', content: 'x' })).envelope;
      assert.notEqual(await seal(), await seal());
    });

    test('opens an envelope for its own message only, and says nothing of the content', async (cipher) => {
      const { envelope } = await cipher.seal({ messageId: 'm-1', content: 'MARKER' });
      await assert.rejects(
        cipher.open({ messageId: 'm-2', envelope }),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'ENCRYPTION_TAMPERED');
          assert.ok(!`${error.message}${error.stack ?? ''}`.includes('MARKER'));
          return true;
        },
      );
    });

    test('tells what is wrong', async (cipher) => {
      const opening = cipher.open({ messageId: 'm-1', envelope: 'no envelope' });
      await assert.rejects(opening, { code: 'ENCRYPTION_MALFORMED_ENVELOPE' });
      const sealing = cipher.seal({ messageId: 'm-1', content: 'x', keyId: 'no-such-key' });
      await assert.rejects(sealing, { code: 'ENCRYPTION_UNKNOWN_KEY' });
      const algorithm = 'ROT13' as EncryptionAlgorithm;
      await assert.rejects(cipher.seal({ messageId: 'm-1', content: 'x', algorithm }), {
        code: 'ENCRYPTION_UNKNOWN_ALGORITHM',
      });
    });
  });
}
