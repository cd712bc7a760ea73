// Every adapter that stands on an optional package, in an app that has none of them: the error names what to install.
import 'reflect-metadata';
import { strict as assert } from 'node:assert';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageQueueModule } from 'nestjs-message-queue';
import { MissingPackageError } from 'nestjs-message-queue/operations';
import { ApnsPushChannel } from 'nestjs-message-queue/adapters/apns';
import { EnvironmentKeyProvider } from 'nestjs-message-queue/adapters/environment-keys';
import { FcmPushChannel } from 'nestjs-message-queue/adapters/fcm';
import { LiquidTemplateRenderer } from 'nestjs-message-queue/adapters/liquid';
import { PooledMessageCipher } from 'nestjs-message-queue/adapters/piscina';
import { SmtpEmailChannel } from 'nestjs-message-queue/adapters/smtp';
import { SocketIoTransport } from 'nestjs-message-queue/adapters/socket-io';
import { sqlStoreAdapters } from 'nestjs-message-queue/adapters/sql';
import { WebPushChannel } from 'nestjs-message-queue/adapters/web-push';

const bytes = (length: number): string => Buffer.alloc(length, 1).toString('base64url');
const vapid = { subject: 'mailto:ops@example.org', publicKey: bytes(65), privateKey: bytes(32) };
const { privateKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const apple = { teamId: 'TEAM000001', keyId: 'KEY0000001', privateKey, topic: 'org.example.chat' };
const keys = new EnvironmentKeyProvider({ keys: { 'k-1': randomBytes(32).toString('base64') } });
const redis = { topology: { kind: 'single', host: '127.0.0.1', port: 1 }, db: 0, tls: false } as const;
const message = {
  ...{ messageId: 'm', senderId: 'ada', recipientId: 'ben', conversationId: 'c', content: 'Hello' },
  ...{ encrypted: false, attachments: [], createdAt: new Date() },
};

/** An app that opens its stores at start. */
async function start(...adapters: Provider[]): Promise<unknown> {
  @Module({ imports: [MessageQueueModule.forRoot({ provider: 'memory', environment: 'test', adapters })] })
  class HostModule {}
  return NestFactory.createApplicationContext(HostModule, { logger: false, abortOnError: false });
}

const withoutAny: Readonly<Record<string, () => unknown>> = {
  'firebase-admin': () => new FcmPushChannel({}),
  jose: () => new ApnsPushChannel(apple),
  liquidjs: () => new LiquidTemplateRenderer({ templates: { a: { text: 'b' } } }),
  nodemailer: () => new SmtpEmailChannel({ url: 'smtp://127.0.0.1:1', from: 'chat@example.org' }),
  piscina: () => new PooledMessageCipher(keys),
  'web-push': () => new WebPushChannel(vapid),
  'socket.io': () => new SocketIoTransport().deliver(message, AbortSignal.timeout(1_000)),
  '@socket.io/redis-adapter': () => new SocketIoTransport({ redis }).attach({} as never),
  kysely: () => start(...sqlStoreAdapters({ url: 'file:missing.db' })),
};
const withKysely: Readonly<Record<string, () => unknown>> = {
  libsql: () => start(...sqlStoreAdapters({ url: 'file:missing.db' })),
  pg: () => start(...sqlStoreAdapters({ url: 'postgres://127.0.0.1:1/missing' })),
};

async function main(): Promise<void> {
  for (const [name, use] of Object.entries(process.argv[2] === 'kysely' ? withKysely : withoutAny)) {
    const error = await Promise.resolve()
      .then(use)
      .then(
        () => assert.fail(`Without ${name} nothing was refused.`),
        (thrown: unknown) => thrown,
      );
    assert.ok(error instanceof MissingPackageError, `${name}: ${String(error)}`);
    assert.match(error.message, /is not installed; .* need it: npm install /);
    assert.ok(error.message.endsWith(`npm install ${name}`), error.message);
  }
  console.log('missing packages are named');
}

void main();
