import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { EnvironmentKeyProvider } from '../../src/message-queue/adapters/environment-keys/index.js';
import { NodeMessageCipher } from '../../src/message-queue/adapters/node-crypto/index.js';
import { PooledMessageCipher } from '../../src/message-queue/adapters/piscina/index.js';

const secret = randomBytes(32).toString('base64');
const keys = new EnvironmentKeyProvider({ keys: { 'k-1': secret } });
const inline = new NodeMessageCipher(keys);
const workerFile = join(__dirname, '../support/typescript-worker.cjs');
const large = 'Grüße 你好 '.repeat(20_000);

describe('PooledMessageCipher', () => {
  const pooled = new PooledMessageCipher(keys, { fromCharacters: 100_000, maxThreads: 1, workerFile });
  const busy = new PooledMessageCipher(keys, { fromCharacters: 0, maxThreads: 1, workerFile });
  // No thread starts with a file that is not compiled.
  const broken = new PooledMessageCipher(keys, { fromCharacters: 10, workerFile: __filename });

  afterAll(async () => {
    for (const cipher of [pooled, busy, broken]) await cipher.onApplicationShutdown();
  });

  it.each(['AES-256-GCM', 'ChaCha20-Poly1305'] as const)(
    'seals and opens large contents on a thread, %s',
    async (algorithm) => {
      const sealed = await pooled.seal({ messageId: 'm-1', content: large, algorithm });
      expect(sealed).toMatchObject({ keyId: 'k-1', algorithm });
      const { envelope } = sealed;
      expect(await pooled.open({ messageId: 'm-1', envelope })).toEqual({
        content: large,
        keyId: 'k-1',
        algorithm,
      });
      expect(await inline.open({ messageId: 'm-1', envelope })).toMatchObject({ content: large });
      const other = await inline.seal({ messageId: 'm-1', content: large, algorithm });
      expect(await pooled.open({ messageId: 'm-1', envelope: other.envelope })).toMatchObject({
        content: large,
      });
    },
  );

  it('leaves the event loop free meanwhile', async () => {
    let isDone = false;
    let turns = 0;
    const sealing = busy.seal({ messageId: 'm-1', content: large.repeat(10) }).finally(() => (isDone = true));
    while (!isDone) {
      turns += 1;
      await new Promise(setImmediate);
    }
    await sealing;
    expect(turns).toBeGreaterThan(3);
  });

  it('does small ones without a thread', async () => {
    const { envelope } = await broken.seal({ messageId: 'm-1', content: 'small' });
    const threadless = new PooledMessageCipher(keys, { workerFile: join(__dirname, 'nowhere.js') });
    expect(await threadless.open({ messageId: 'm-1', envelope })).toMatchObject({ content: 'small' });
  });

  it.each([
    ['ENCRYPTION_TAMPERED', (text: string) => text.replace(/.{4}$/, 'AAAA')],
    ['ENCRYPTION_TAMPERED', (text: string) => text.replace('AES-256-GCM', 'ChaCha20-Poly1305')],
    ['ENCRYPTION_MALFORMED_ENVELOPE', (text: string) => `${text}*`],
    ['ENCRYPTION_MALFORMED_ENVELOPE', (text: string) => text.replace('mq1', 'mq9')],
    ['ENCRYPTION_UNKNOWN_ALGORITHM', (text: string) => text.replace('AES-256-GCM', 'ROT13')],
    ['ENCRYPTION_UNKNOWN_KEY', (text: string) => text.replace(/\.ay0x\./, '.ay0y.')],
  ])('gives the same errors as without threads: %s', async (code, change) => {
    const { envelope } = await pooled.seal({ messageId: 'm-1', content: large });
    const failures = await Promise.all(
      [pooled, inline].map((cipher) =>
        cipher.open({ messageId: 'm-1', envelope: change(envelope) }).then(
          () => null,
          (error: unknown) => error as Error & { code: string },
        ),
      ),
    );
    expect(failures.map((failure) => failure?.code)).toEqual([code, code]);
    expect(failures[0]?.message).toBe(failures[1]?.message);
    expect(failures[0]?.constructor).toBe(failures[1]?.constructor);
  });

  it('tells a wrong key', async () => {
    const { envelope } = await pooled.seal({ messageId: 'm-1', content: large });
    const others = new EnvironmentKeyProvider({ keys: { 'k-1': randomBytes(32).toString('base64') } });
    const wrong = new PooledMessageCipher(others, { fromCharacters: 10, maxThreads: 1, workerFile });
    await expect(wrong.open({ messageId: 'm-1', envelope })).rejects.toMatchObject({
      code: 'ENCRYPTION_WRONG_KEY',
    });
    await wrong.onApplicationShutdown();
  });

  it('stops at its signal, and says without content that a thread died', async () => {
    const controller = new AbortController();
    const sealing = pooled.seal({ messageId: 'm-1', content: large.repeat(10) }, controller.signal);
    setImmediate(() => controller.abort(new Error('the job timed out')));
    await expect(sealing).rejects.toThrow('the job timed out');
    const failing = broken.seal({ messageId: 'm-1', content: large });
    await expect(failing).rejects.toMatchObject({ code: 'ENCRYPTION_THREAD' });
    await expect(failing).rejects.not.toThrow('Grüße');
  });
});
