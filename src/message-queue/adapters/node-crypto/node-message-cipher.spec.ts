import 'reflect-metadata';
import { createDecipheriv } from 'node:crypto';
import type { EncryptionAlgorithm } from '../../ports/encryption/encryption-algorithm.js';
import { TamperedContentError } from '../../ports/encryption/encryption-errors.js';
import { KeyProvider } from '../../ports/encryption/key-provider.js';
import type { EncryptionKey } from '../../ports/encryption/key-provider.js';
import { NodeMessageCipher } from './node-message-cipher.js';

class OneKey extends KeyProvider {
  readonly key: EncryptionKey = { id: 'schlüssel-1', secret: Buffer.alloc(32, 7) };
  override current(): Promise<EncryptionKey> {
    return Promise.resolve(this.key);
  }
  override byId(keyId: string): Promise<EncryptionKey | null> {
    return Promise.resolve(keyId === this.key.id ? this.key : null);
  }
  override ids(): Promise<readonly string[]> {
    return Promise.resolve([this.key.id]);
  }
}

/** Sealed elsewhere with key 00 01 … 1f and nonce 00 01 … 0b, key id "k-1", message id "m-1". */
const VECTORS = [
  'mq1.AES-256-GCM.ay0x.v_bwXlfrYDk.AAECAwQFBgcICQoL.AHAVpwZ6pzv7Lvqr-YgeCO0.HCe-r0o65zinzNlpOiRVHg',
  'mq1.ChaCha20-Poly1305.ay0x.v_bwXlfrYDk.AAECAwQFBgcICQoL.zonLvOqIwGDB7FLT0HxoBqc.5EYvozbXuAzBzO-W3WNsGA',
];

class VectorKey extends OneKey {
  override readonly key = { id: 'k-1', secret: Buffer.from(Array.from({ length: 32 }, (_, at) => at)) };
}

const cipher = new NodeMessageCipher(new OneKey());
const ALGORITHMS: EncryptionAlgorithm[] = ['AES-256-GCM', 'ChaCha20-Poly1305'];

describe('NodeMessageCipher', () => {
  it.each(ALGORITHMS)('opens what it sealed: any text, %s', async (algorithm) => {
    for (const content of ['x', 'Grüße 👩‍👩‍👧 مرحبا 你好', '', 'y'.repeat(200_000)]) {
      const sealed = await cipher.seal({ messageId: 'm-1', content, algorithm });
      expect(await cipher.open({ messageId: 'm-1', envelope: sealed.envelope })).toEqual({
        ...{ content, keyId: 'schlüssel-1', algorithm },
      });
    }
  });

  it('never seals the same content the same way', async () => {
    const envelopes = await Promise.all(
      Array.from({ length: 50 }, () => cipher.seal({ messageId: 'm-1', content: 'x' })),
    );
    expect(new Set(envelopes.map(({ envelope }) => envelope.split('.')[4])).size).toBe(50);
  });

  it.each(VECTORS)('opens the test vector %s', async (envelope) => {
    const opened = await new NodeMessageCipher(new VectorKey()).open({ messageId: 'm-1', envelope });
    expect(opened.content).toBe('Grüße vom Hafen');
  });

  it('keeps to its published format, so that others can open it with any AES-256-GCM', async () => {
    const { envelope } = await cipher.seal({ messageId: 'm-1', content: 'harbour' });
    const [version, algorithm, keyId = '', , nonce = '', ciphertext = '', tag = ''] = envelope.split('.');
    expect([version, algorithm, Buffer.from(keyId, 'base64url').toString()]).toEqual([
      ...['mq1', 'AES-256-GCM', 'schlüssel-1'],
    ]);
    const opening = createDecipheriv('aes-256-gcm', Buffer.alloc(32, 7), Buffer.from(nonce, 'base64url'));
    opening.setAAD(Buffer.from('["nestjs-message-queue",1,"AES-256-GCM","schlüssel-1","m-1"]'));
    opening.setAuthTag(Buffer.from(tag, 'base64url'));
    const opened = Buffer.concat([opening.update(Buffer.from(ciphertext, 'base64url')), opening.final()]);
    expect(opened.toString()).toBe('harbour');
  });

  it.each(ALGORITHMS)('notices every changed bit of an envelope, %s', async (algorithm) => {
    const { envelope } = await cipher.seal({ messageId: 'm-1', content: 'harbour', algorithm });
    const parts = envelope.split('.');
    for (const part of [4, 5, 6]) {
      const bytes = Buffer.from(parts[part] ?? '', 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const text = parts.map((old, at) => (at === part ? changed.toString('base64url') : old)).join('.');
        const opening = cipher.open({ messageId: 'm-1', envelope: text });
        await expect(opening).rejects.toBeInstanceOf(TamperedContentError);
      }
    }
  });
});
