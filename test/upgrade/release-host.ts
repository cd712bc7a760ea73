import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { MessageQueueModule } from '../../src/message-queue/index.js';
import { release } from './order-releases.js';

/** What a worker of one release is told. */
export interface ReleaseHostSettings {
  readonly port: number;
  readonly prefix: string;
  readonly release: 1 | 2;
}

/** A worker process of one release: writes `release job id` to the list `ran` for each run, until it is told to stop. */
const settings = JSON.parse(process.argv[2] ?? '{}') as ReleaseHostSettings;
const { port, prefix } = settings;
const redis = new Redis(port);
const { orders, processor } = release(settings.release, async (job, _payload, { jobId }) => {
  await redis.rpush('ran', `${settings.release} ${job} ${jobId}`);
});

@Module({
  imports: [
    MessageQueueModule.forRoot({
      ...{ environment: 'test', provider: 'redis', prefix, role: 'worker', builtInQueues: false },
      redis: { host: '127.0.0.1', port },
      lock: { durationMs: 5_000, renewMs: 1_000, stalledCheckMs: 500 },
    }),
    MessageQueueModule.registerQueue(orders),
  ],
  providers: [processor],
})
class ReleaseHost {}

async function main(): Promise<void> {
  process.on('disconnect', () => process.exit(1));
  const app = await NestFactory.createApplicationContext(ReleaseHost, { logger: ['fatal'] });
  app.enableShutdownHooks([], { useProcessExit: true });
  process.send?.('ready');
}

void main();
