import 'reflect-metadata';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageQueueModule, MessageQueueService } from '../../../src/message-queue/index.js';
import { applyMutation, MUTATION_VARIABLE } from '../mutations/mutation-list.js';
import { addAsOrdered } from './add-jobs.js';
import type { AddOrder, BlockOrder } from './add-order.js';
import { blockEventLoop } from './blocked-loop.js';
import { FAULT_PARTS, FaultProcessor } from './fault-processor.js';
import type { FaultParts } from './fault-processor.js';
import { ADD_DEADLINE_MS, FAULT_PREFIX, FAULT_QUEUE, faultQueue } from './fault-queue.js';
import type { FaultHostSettings } from './fault-queue.js';
import { KeyedEffects } from './keyed-effects.js';

/** A host's process: a worker, or two apps that add jobs. */
const settings = JSON.parse(process.argv[2] ?? '{}') as FaultHostSettings;

@Module({})
class FaultHost {}

function hostModule(parts: FaultParts): DynamicModule {
  const { redis, role, maxCrashes, lock, drainMs, concurrency } = settings;
  return {
    module: FaultHost,
    imports: [
      MessageQueueModule.forRoot({
        ...{ environment: 'test', provider: 'redis', prefix: FAULT_PREFIX, builtInQueues: false },
        ...{ role: role === 'worker' ? 'worker' : 'producer', maxCrashes, lock },
        ...{ shutdownTimeoutMs: drainMs, abortGraceMs: 60_000, enqueueTimeoutMs: ADD_DEADLINE_MS },
        redis: { host: '127.0.0.1', ...redis },
        queues: { [FAULT_QUEUE]: { concurrency } },
      }),
      MessageQueueModule.registerQueue(parts.queue),
    ],
    providers: role === 'worker' ? [{ provide: FAULT_PARTS, useValue: parts }, FaultProcessor] : [],
  };
}

async function main(): Promise<void> {
  // The tests are gone.
  process.on('disconnect', () => process.exit(1));
  applyMutation(process.env[MUTATION_VARIABLE]);
  const queue = faultQueue(settings.keepsCompleted);
  const effects = await KeyedEffects.open(settings.effectsUrl);
  const start = (): Promise<INestApplicationContext> =>
    NestFactory.createApplicationContext(hostModule({ settings, effects, queue }), { logger: ['fatal'] });
  const apps = settings.role === 'worker' ? [await start()] : [await start(), await start()];
  const services = apps.map((app) => app.get(MessageQueueService));
  process.on('message', (order: AddOrder | BlockOrder) => {
    if (order.kind === 'block') blockEventLoop(order.ms);
    else void addAsOrdered(services, queue, order).then((report) => process.send?.(report));
  });
  const stop = async (): Promise<void> => {
    await Promise.all(apps.map((app) => app.close()));
    await effects.close();
    // From here on the process ends by itself.
    process.removeAllListeners('disconnect');
    process.disconnect();
  };
  let stopping: Promise<void> | undefined;
  process.on('SIGTERM', () => {
    stopping ??= stop();
  });
  process.send?.('ready');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
