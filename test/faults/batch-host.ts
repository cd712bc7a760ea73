import 'reflect-metadata';
import { Module } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { sqlStoreAdapters } from '../../src/message-queue/adapters/sql/index.js';
import { MessageQueueModule, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import { BATCH_PREFIX, recipientId } from './batch-settings.js';
import type { BatchHostSettings, BatchTaken } from './batch-settings.js';

/** A host's process of the batch test: adds a large batch, or works on it until it is killed. */
const settings = JSON.parse(process.argv[2] ?? '{}') as BatchHostSettings;

/** How often the producer looks at its memory. */
const MEMORY_LOOK_MS = 10;

@Module({
  imports: [
    MessageQueueModule.forRoot({
      ...{ environment: 'test', provider: 'redis', prefix: BATCH_PREFIX, role: settings.role },
      redis: { host: '127.0.0.1', port: settings.port },
      adapters: sqlStoreAdapters({ url: settings.databaseUrl }),
      lock: { durationMs: 3_000, renewMs: 750, stalledCheckMs: 500 },
      // The machine is busy with several processes; a slow add is not what is tested.
      enqueueTimeoutMs: 20_000,
    }),
  ],
})
class BatchHost {}

function megabytes(): number {
  return Math.round(process.memoryUsage.rss() / 1_048_576);
}

/** Pauses deliveries, so that they can be counted, and adds the batch. */
async function produce(app: INestApplicationContext): Promise<BatchTaken> {
  const queue = app.get(MessageQueueService);
  await queue.pauseQueue(QueueName.MESSAGE_DELIVERY);
  const recipientIds = Array.from({ length: settings.recipients }, (_, index) => recipientId(index));
  const megabytesBefore = megabytes();
  let megabytesPeak = megabytesBefore;
  const look = (): void => {
    megabytesPeak = Math.max(megabytesPeak, megabytes());
  };
  const looks = setInterval(look, MEMORY_LOOK_MS);
  const since = Date.now();
  const { segments } = await queue.addBatchMessageJob({
    ...{ batchId: settings.batchId, senderId: 'town-hall', recipientIds },
    ...{ content: 'The water is off tomorrow from nine to eleven.', createdAt: new Date() },
  });
  look();
  clearInterval(looks);
  const milliseconds = Date.now() - since;
  return { segments: segments.length, milliseconds, megabytesBefore, megabytesPeak };
}

async function main(): Promise<void> {
  process.on('disconnect', () => process.exit(1));
  const app = await NestFactory.createApplicationContext(BatchHost, { logger: ['fatal'] });
  if (settings.role === 'worker') {
    process.send?.('ready');
    return;
  }
  const taken = await produce(app);
  await app.close();
  process.send?.(taken, () => process.exit(0));
}

void main();
