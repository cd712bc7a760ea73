import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JobEvents, MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import type { MessageQueueOptions } from '../../src/message-queue/index.js';

/** What a host's program does before it has nothing left to do. */
export interface IdleHostPlan {
  readonly environment: NonNullable<MessageQueueOptions['environment']>;
  /** Delay of each of its jobs, milliseconds. */
  readonly delayMs: number;
  readonly closes: boolean;
}

const plan = JSON.parse(process.argv[2] ?? '{}') as IdleHostPlan;
const JOBS = 3;

@Module({ imports: [MessageQueueModule.forRoot({ provider: 'memory', environment: plan.environment })] })
class IdleHost {}

/** Says `added`, `done` and, when it ends by itself, nothing more: there is no `process.exit`. */
async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(IdleHost, { logger: ['fatal'] });
  let done = 0;
  const finished = new Promise<void>((resolve) => {
    app.get(JobEvents, { strict: false }).on('completed', () => {
      done += 1;
      if (done === JOBS) resolve();
    });
  });
  const service = app.get(MessageQueueService);
  for (let number = 1; number <= JOBS; number += 1) {
    await service.addIndexingJob(
      {
        messageId: `m${number}`,
        operation: 'index',
        content: 'Hello',
        senderId: 's',
        conversationId: 'c',
        createdAt: new Date(),
      },
      { delay: plan.delayMs },
    );
  }
  process.stdout.write('added\n');
  await finished;
  process.stdout.write('done\n');
  if (plan.closes) await app.close();
}

void main();
