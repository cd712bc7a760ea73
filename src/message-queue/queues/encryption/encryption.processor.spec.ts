import { contentVersion } from '../content-version.js';
import 'reflect-metadata';
import { fakeJobContext } from '../../../../test/support/job-context.js';
import { deletionGate } from '../../../../test/support/deletion-gate.js';
import type { Plain } from '../../../../test/support/plain.js';
import { NodeMessageCipher } from '../../adapters/node-crypto/index.js';
import { InMemoryEncryptedContentStore } from '../../adapters/in-memory/index.js';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import type { EncryptionJobDto } from './encryption-job.dto.js';
import { MessageEncryptionProcessor } from './encryption.processor.js';
import { ManualCircuitBreakers } from '../../testing/manual-circuit-breakers.js';
import { KeyRing } from '../../../../test/support/key-ring.js';
import { recorded } from '../../testing/recorded.js';

const SECRET = 'the plain text of ada';
const createdAt = new Date('2026-01-01T12:00:00Z');
const encrypt: Plain<EncryptionJobDto> = {
  messageId: 'm-1',
  operation: 'encrypt',
  content: SECRET,
  createdAt,
};
const decrypt: Plain<EncryptionJobDto> = { messageId: 'm-1', operation: 'decrypt', createdAt };

function setUp() {
  const keys = recorded(new KeyRing());
  keys.rotate({ id: 'k-1', secret: Buffer.alloc(32, 1) });
  const cipher = new NodeMessageCipher(keys);
  const contents = recorded(new InMemoryEncryptedContentStore());
  const processor = new MessageEncryptionProcessor(
    cipher,
    contents,
    new ManualCircuitBreakers(),
    deletionGate(),
  );
  const failure = (job: Plain<EncryptionJobDto>): Promise<UnrecoverableJobError> =>
    processor.processEncryption(job, fakeJobContext()).then(
      () => Promise.reject(new Error('It did not fail.')),
      (error: unknown) => error as UnrecoverableJobError,
    );
  return { keys, cipher, contents, processor, failure };
}

describe('encrypt-decrypt', () => {
  it.each(['AES-256-GCM', 'ChaCha20-Poly1305'] as const)(
    'encrypts with %s and decrypts back',
    async (algorithm) => {
      const { processor, contents } = setUp();
      const context = fakeJobContext();
      const result = await processor.processEncryption({ ...encrypt, algorithm }, context);
      expect(result).toEqual({
        messageId: 'm-1',
        operation: 'encrypt',
        algorithm,
        keyId: 'k-1',
        outcome: 'saved',
      });
      expect(context.reported.map(({ step }) => step)).toEqual(['validation', 'storing', 'complete']);
      const stored = await contents.findEncrypted('m-1');
      expect(stored?.envelope).toMatch(new RegExp(`^mq1\\.${algorithm}\\.`));
      const opened = await processor.processEncryption(decrypt, fakeJobContext());
      expect(opened).toEqual({
        messageId: 'm-1',
        operation: 'decrypt',
        algorithm,
        keyId: 'k-1',
        outcome: 'saved',
      });
      expect((await contents.findDecrypted('m-1'))?.content).toBe(SECRET);
    },
  );

  it('decrypts an envelope that the job brings along', async () => {
    const { processor, cipher, contents } = setUp();
    const { envelope } = await cipher.seal({ messageId: 'm-1', content: SECRET });
    await processor.processEncryption({ ...decrypt, content: envelope }, fakeJobContext());
    expect((await contents.findDecrypted('m-1'))?.content).toBe(SECRET);
  });

  it('drops a result that is older than what is stored', async () => {
    const { processor, contents } = setUp();
    const later = { ...encrypt, content: 'edited', createdAt: new Date(createdAt.getTime() + 1) };
    await processor.processEncryption(later, fakeJobContext());
    const result = await processor.processEncryption(encrypt, fakeJobContext());
    expect(result.outcome).toBe('stale');
    await processor.processEncryption(decrypt, fakeJobContext());
    expect((await contents.findDecrypted('m-1'))?.content).toBe('edited');
  });

  it.each([
    ['of the same time', createdAt],
    ['of an earlier time, by another clock', new Date(createdAt.getTime() - 60_000)],
  ])('lets an edit %s outrank the original, whatever comes first', async (_, updatedAt) => {
    const edit = { ...encrypt, content: 'edited', updatedAt };
    for (const order of [
      [edit, encrypt],
      [encrypt, edit],
      [encrypt, edit, encrypt],
    ]) {
      const { processor, contents } = setUp();
      for (const job of order) await processor.processEncryption(job, fakeJobContext());
      // A decryption of what is stored is as old as what is stored.
      await processor.processEncryption(decrypt, fakeJobContext());
      expect((await contents.findDecrypted('m-1'))?.content).toBe('edited');
    }
  });

  it('orders edits by their times, and lets no late opening of the original come after one', async () => {
    const { processor, cipher, contents } = setUp();
    const run = (job: Plain<EncryptionJobDto>) => processor.processEncryption(job, fakeJobContext());
    const at = (ms: number): Date => new Date(createdAt.getTime() + ms);
    await run({ ...encrypt, content: 'second', updatedAt: at(2) });
    expect((await run({ ...encrypt, content: 'first', updatedAt: at(1) })).outcome).toBe('stale');
    await run(decrypt);
    const { envelope } = await cipher.seal({ messageId: 'm-1', content: SECRET });
    expect((await run({ ...decrypt, content: envelope })).outcome).toBe('stale');
    expect((await run({ ...decrypt, content: envelope, updatedAt: at(1) })).outcome).toBe('stale');
    await run({ ...decrypt, operation: 'reencrypt' });
    expect((await run(encrypt)).outcome).toBe('stale');
    expect((await contents.findDecrypted('m-1'))?.content).toBe('second');
  });

  it('moves a stored envelope on to the current key', async () => {
    const { processor, contents, keys } = setUp();
    await processor.processEncryption(encrypt, fakeJobContext());
    keys.rotate({ id: 'k-2', secret: Buffer.alloc(32, 2) });
    const result = await processor.processEncryption(
      { ...decrypt, operation: 'reencrypt' },
      fakeJobContext(),
    );
    expect(result).toMatchObject({ keyId: 'k-2', outcome: 'saved' });
    // The content is as old as it was: a late job still counts as late.
    expect((await contents.findEncrypted('m-1'))?.version).toBe(contentVersion(createdAt, createdAt, false));
    keys.replace('k-1', null);
    await processor.processEncryption(decrypt, fakeJobContext());
    expect((await contents.findDecrypted('m-1'))?.content).toBe(SECRET);
  });

  it('keeps with each result the conversation that the job or the stored envelope names', async () => {
    const { processor, cipher, contents } = setUp();
    const run = (job: Plain<EncryptionJobDto>) => processor.processEncryption(job, fakeJobContext());
    const sealedIn = async () => (await contents.findEncrypted('m-1'))?.conversationId;
    const openedIn = async () => (await contents.findDecrypted('m-1'))?.conversationId;
    await run({ ...encrypt, conversationId: 'c-1' });
    expect(await sealedIn()).toBe('c-1');
    await run(decrypt);
    expect(await openedIn()).toBe('c-1');
    await run({ ...decrypt, operation: 'reencrypt' });
    expect(await sealedIn()).toBe('c-1');
    await run({ ...decrypt, operation: 'reencrypt', conversationId: 'c-2' });
    expect(await sealedIn()).toBe('c-2');
    const { envelope } = await cipher.seal({ messageId: 'm-1', content: SECRET });
    await run({ ...decrypt, content: envelope });
    expect(await openedIn()).toBeUndefined();
    await run(encrypt);
    expect(await sealedIn()).toBeUndefined();
  });

  it('tells tampered data, wrong and unknown keys and algorithms apart, all of them unrecoverable', async () => {
    const { processor, failure, cipher, keys } = setUp();
    const { envelope } = await cipher.seal({ messageId: 'm-1', content: SECRET });
    const parts = envelope.split('.');
    const changed = (at: number, part: string): Plain<EncryptionJobDto> => ({
      ...decrypt,
      content: parts.map((old, index) => (index === at ? part : old)).join('.'),
    });
    const flipped = `${parts[5]?.startsWith('A') ? 'B' : 'A'}${parts[5]?.slice(1) ?? ''}`;
    const cases: [string, Plain<EncryptionJobDto>][] = [
      ['ENCRYPTION_TAMPERED', changed(5, flipped)],
      ['ENCRYPTION_TAMPERED', changed(5, '')],
      ['ENCRYPTION_TAMPERED', changed(1, 'ChaCha20-Poly1305')],
      ['ENCRYPTION_TAMPERED', { ...decrypt, content: envelope, messageId: 'm-2' }],
      ['ENCRYPTION_UNKNOWN_ALGORITHM', changed(1, 'ROT13')],
      ['ENCRYPTION_UNKNOWN_ALGORITHM', { ...encrypt, algorithm: 'ROT13' as 'AES-256-GCM' }],
      ['ENCRYPTION_UNKNOWN_KEY', changed(2, Buffer.from('k-9').toString('base64url'))],
      ['ENCRYPTION_UNKNOWN_KEY', { ...encrypt, keyId: 'k-9' }],
      ['ENCRYPTION_MALFORMED_ENVELOPE', { ...decrypt, content: SECRET }],
      ['ENCRYPTION_MALFORMED_ENVELOPE', changed(0, 'mq2')],
      ['ENCRYPTION_MALFORMED_ENVELOPE', changed(4, 'AAAA')],
      ['ENCRYPTION_MALFORMED_ENVELOPE', changed(6, `${parts[6] ?? ''}=`)],
      ['UNRECOVERABLE_JOB', { ...decrypt, messageId: 'never-encrypted' }],
    ];
    for (const [code, job] of cases) {
      const error = await failure(job);
      expect([error.code, error instanceof UnrecoverableJobError]).toEqual([code, true]);
      expect(`${error.stack ?? ''}${String(error.cause)}`).not.toContain(SECRET);
    }
    keys.replace('k-1', Buffer.alloc(32, 9));
    expect((await failure({ ...decrypt, content: envelope })).code).toBe('ENCRYPTION_WRONG_KEY');
    keys.replace('k-1', Buffer.alloc(16));
    expect((await failure(encrypt)).code).toBe('ENCRYPTION_WRONG_KEY');
    await expect(processor.processEncryption(encrypt, fakeJobContext())).rejects.toThrow(
      'has 16 bytes; it needs 32',
    );
  });

  it('lets no plain text near results, progress, logs, keys or sealed content', async () => {
    const { processor, contents, keys } = setUp();
    const context = fakeJobContext();
    const results = [
      await processor.processEncryption(encrypt, context),
      await processor.processEncryption(decrypt, context),
      await processor.processEncryption({ ...decrypt, operation: 'reencrypt' }, context),
    ];
    const sealed = contents.recorder.callsOf('saveEncrypted');
    const seen = [results, context.reported, context.lines, sealed, keys.recorder.calls];
    expect(JSON.stringify(seen)).not.toContain(SECRET);
  });
});
