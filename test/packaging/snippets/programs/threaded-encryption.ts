// Large contents go to threads whose file is in the package: sealed and opened there, in an app with piscina.
import 'reflect-metadata';
import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageQueueModule, MessageQueueService } from 'nestjs-message-queue';
import { EncryptedContentStore, KeyProvider, MessageCipher } from 'nestjs-message-queue/ports';
import { EnvironmentKeyProvider } from 'nestjs-message-queue/adapters/environment-keys';
import { NodeMessageCipher } from 'nestjs-message-queue/adapters/node-crypto';
import { PooledMessageCipher } from 'nestjs-message-queue/adapters/piscina';
import { InMemoryEncryptedContentStore } from 'nestjs-message-queue/adapters/in-memory';

const keys = new EnvironmentKeyProvider({ keys: { 'k-1': randomBytes(32).toString('base64') } });
const store = new InMemoryEncryptedContentStore();
// Over the size from which on threads are used.
const content = 'Grüße vom Hafen. '.repeat(40_000);
let threads = 0;
process.on('worker', () => (threads += 1));

@Module({
  imports: [
    MessageQueueModule.forRoot({
      provider: 'memory',
      environment: 'test',
      adapters: [
        { provide: KeyProvider, useValue: keys },
        { provide: EncryptedContentStore, useValue: store },
        {
          provide: MessageCipher,
          inject: [KeyProvider],
          useFactory: (provider: KeyProvider) => new PooledMessageCipher(provider),
        },
      ],
    }),
  ],
})
class HostModule {}

async function eventually<T>(find: () => Promise<T | null>, what: string): Promise<T> {
  const giveUpAt = Date.now() + 20_000;
  for (;;) {
    const found = await find();
    if (found !== null) return found;
    if (Date.now() > giveUpAt) throw new Error(`Waited for ${what}, in vain.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(HostModule, { logger: false });
  const queue = app.get(MessageQueueService);
  const job = { messageId: 'm-1', createdAt: new Date() } as const;
  await queue.addEncryptionJob({ ...job, operation: 'encrypt', content });
  const { envelope } = await eventually(() => store.findEncrypted('m-1'), 'the envelope');
  assert.equal((await new NodeMessageCipher(keys).open({ messageId: 'm-1', envelope })).content, content);
  await queue.addEncryptionJob({ ...job, operation: 'decrypt' });
  assert.equal((await eventually(() => store.findDecrypted('m-1'), 'the text')).content, content);
  assert.ok(threads > 0, 'no thread was started');
  await app.close();
  console.log('threads encrypt');
}

void main();
