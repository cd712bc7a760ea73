import 'reflect-metadata';
import { IsString } from 'class-validator';
import { NestFactory } from '@nestjs/core';
import { Injectable, Module } from '@nestjs/common';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import { MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import { Processor } from '@nestjs/bull';
import { setTimeout as pause } from 'node:timers/promises';

/** A worker without a web server that orchestrators watch. */
export interface ProbedHostPlan {
  readonly redis: string;
  readonly port: number;
  readonly file: string;
}

class Slow {
  @IsString()
  note!: string;
}
const SLOW = defineQueue({
  ...{ name: 'slow', description: 'Jobs that take a while.', jobs: { wait: Slow } },
  ...{ concurrency: 1, attempts: 1, timeoutMs: 30_000, backoff: { type: 'fixed', delayMs: 1_000 } },
});

const plan = JSON.parse(process.argv[2] ?? '{}') as ProbedHostPlan;
const probe = async (which: string): Promise<number> =>
  (await fetch(`http://127.0.0.1:${plan.port}/health/${which}`)).status;

@Injectable()
@Processor(SLOW.name)
class SlowProcessor {
  @JobHandler(SLOW, 'wait')
  async wait(): Promise<void> {
    process.stdout.write('running\n');
    await pause(600);
  }
}

@Module({
  imports: [
    MessageQueueModule.forRoot({
      ...{
        environment: 'development',
        redis: { url: plan.redis },
        acceptInMemory: true,
        builtInQueues: false,
      },
      operations: { probes: { port: plan.port, host: '127.0.0.1', file: plan.file } },
      privacy: { sealing: 'off' },
    }),
    MessageQueueModule.registerQueue(SLOW),
  ],
  providers: [SlowProcessor],
})
class ProbedHost {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(ProbedHost, {
    logger: ['fatal'],
    abortOnError: false,
  });
  app.enableShutdownHooks([], { useProcessExit: true });
  const worker = app.get(MessageQueueWorker, { strict: false });
  const stop = worker.stop.bind(worker);
  // Between the begin of the shutdown and the first fetch that stops.
  worker.stop = async (...options) => {
    process.stdout.write(`stopping ${await probe('ready')} ${await probe('live')}\n`);
    const report = await stop(...options);
    process.stdout.write(`stopped ${await probe('ready')} ${await probe('live')}\n`);
    return report;
  };
  await app.get(MessageQueueService).enqueue(SLOW, 'wait', { note: 'n' });
  process.stdout.write('started\n');
}

void main();
