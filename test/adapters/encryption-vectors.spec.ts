import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentKeyProvider } from '../../src/message-queue/adapters/environment-keys/index.js';
import { NodeMessageCipher } from '../../src/message-queue/adapters/node-crypto/index.js';

const page = readFileSync(join(__dirname, '../../docs/encryption.md'), 'utf8');
const vectors = page.split('\n').filter((line) => /^mq1\.(AES|ChaCha)/.test(line));
const key = Buffer.from(Array.from({ length: 32 }, (_, at) => at)).toString('hex');

describe('the published test vectors', () => {
  const cipher = new NodeMessageCipher(new EnvironmentKeyProvider({ keys: { 'k-1': key } }));

  it('are one for each algorithm', () => {
    expect(vectors.map((line) => line.split('.')[1])).toEqual(['AES-256-GCM', 'ChaCha20-Poly1305']);
  });

  it.each(vectors)('open: %s', async (envelope) => {
    expect((await cipher.open({ messageId: 'm-1', envelope })).content).toBe('Grüße vom Hafen');
    await expect(cipher.open({ messageId: 'm-2', envelope })).rejects.toMatchObject({
      code: 'ENCRYPTION_TAMPERED',
    });
  });
});
