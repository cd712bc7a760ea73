import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageQueueModule } from '../../src/message-queue/index.js';
import { MessageTransport } from '../../src/message-queue/ports/index.js';

/** A host's process whose transport kills it in the middle of each message. */
const { port, prefix } = JSON.parse(process.argv[2] ?? '{}') as { port: number; prefix: string };

class DeadlyTransport extends MessageTransport {
  override deliver(): never {
    process.kill(process.pid, 'SIGKILL');
    throw new Error('The process goes on after its end.');
  }
}

@Module({
  imports: [
    MessageQueueModule.forRoot({
      ...{ environment: 'test', provider: 'redis', prefix, role: 'worker' },
      redis: { host: '127.0.0.1', port },
      adapters: [{ provide: MessageTransport, useClass: DeadlyTransport }],
      lock: { durationMs: 1_000, renewMs: 250, stalledCheckMs: 200 },
    }),
  ],
})
class CrashingHost {}

process.on('disconnect', () => process.exit(1));
void NestFactory.createApplicationContext(CrashingHost, { logger: ['fatal'] });
