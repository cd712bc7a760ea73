import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsBoolean } from 'class-validator';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../../src/message-queue/index.js';
import { MessageQueueWorker } from '../../src/message-queue/operations/index.js';

/** What a host is asked for by its parent. */
export type FleetRequest =
  | { readonly ask: 'add'; readonly count: number; readonly fails?: boolean }
  | { readonly ask: 'stats' | 'health' | 'summary' | 'history' | 'workers' | 'start' | 'stop' };

class FleetDto {
  @IsBoolean() fails!: boolean;
}

/** The queue of the test's hosts. */
export const FLEET = defineQueue({
  name: 'fleet',
  description: 'Worked on by one process, watched by all.',
  jobs: { succeed: FleetDto },
  concurrency: 4,
  attempts: 1,
  backoff: { type: 'fixed', delayMs: 1 },
  timeoutMs: 30_000,
});

@Processor(FLEET.name)
class FleetProcessor {
  @JobHandler(FLEET, 'succeed')
  async run({ fails }: FleetDto): Promise<void> {
    if (fails) throw new Error('no');
  }
}

@Module({})
class FleetHost {}

async function main(port: number, role: 'producer' | 'both'): Promise<void> {
  const root = {
    module: FleetHost,
    imports: [
      MessageQueueModule.forRoot({
        ...{ role, builtInQueues: false as const, environment: 'test', autoStart: false },
        ...{ provider: 'redis' as const, redis: { host: '127.0.0.1', port } },
        operations: { activity: { flushMs: 250 } },
      }),
      MessageQueueModule.registerQueue(FLEET),
    ],
    providers: role === 'producer' ? [] : [FleetProcessor],
  };
  const app = await NestFactory.createApplicationContext(root, { logger: ['error'], abortOnError: false });
  app.enableShutdownHooks();
  const queue = app.get(MessageQueueService, { strict: false });
  const worker = app.get(MessageQueueWorker, { strict: false });
  const answer = async (request: FleetRequest): Promise<unknown> => {
    switch (request.ask) {
      case 'add': {
        const { count, fails = false } = request;
        const jobs = Array.from({ length: count }, () => ({ payload: { fails } }));
        return (await queue.enqueueMany(FLEET, 'succeed', jobs)).map(({ outcome }) => outcome);
      }
      case 'stats':
        return (await queue.getQueueMetrics()).queues[FLEET.name];
      case 'health':
        return queue.getQueueHealth(FLEET.name);
      case 'summary':
        return queue.getQueueStats(FLEET.name);
      case 'history':
        return queue.getQueueHistory(FLEET.name, { hours: 1, stepMinutes: 60 });
      case 'workers':
        return queue.listWorkers();
      case 'start':
        return worker.start();
      case 'stop':
        return app.close();
    }
  };
  process.on('message', (request: FleetRequest) => {
    answer(request).then(
      (value) => process.send?.({ answer: value ?? null }),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
  process.send?.({ answer: 'ready' });
}

if (process.argv[2] !== undefined && process.send !== undefined) {
  void main(Number(process.argv[2]), process.argv[3] as 'producer' | 'both');
}
