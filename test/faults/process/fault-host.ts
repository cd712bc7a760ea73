import 'reflect-metadata';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageQueueModule, MessageQueueService, schedule } from '../../../src/message-queue/index.js';
import { shiftClock } from '../../support/shift-clock.js';
import { applyMutation, MUTATION_VARIABLE } from '../mutations/mutation-list.js';
import { addAsOrdered } from './add-jobs.js';
import type { AddOrder } from './add-order.js';
import { blockEventLoop } from './blocked-loop.js';
import { FAULT_PARTS, FaultProcessor, NewFaultProcessor } from './fault-processor.js';
import type { FaultParts } from './fault-processor.js';
import { ADD_DEADLINE_MS, FAULT_PREFIX, FAULT_QUEUE, faultQueue } from './fault-queue.js';
import type { FaultHostSettings, FaultQueue } from './fault-queue.js';
import { HealthOfHost } from './host-health.js';
import { READY, STOPPED } from './host-order.js';
import type { HostAnswer, HostOrder } from './host-order.js';
import { KeyedEffects } from './keyed-effects.js';

/** A host's process: a worker, or two apps that add jobs. */
const settings = JSON.parse(process.argv[2] ?? '{}') as FaultHostSettings;

@Module({})
class FaultHost {}

const YEARLY = schedule<FaultQueue, 'follow-up'>(
  'follow-up',
  { key: 'yearly>', sleepMs: 0 },
  { cron: '0 3 1 1 *', tz: 'UTC' },
);

function hostModule(parts: FaultParts): DynamicModule {
  const { redis, role, maxCrashes, lock, drainMs, concurrency, release, hasSchedule } = settings;
  const processor = release === 'new' ? NewFaultProcessor : FaultProcessor;
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
      MessageQueueModule.registerQueue(parts.queue, { schedules: hasSchedule ? [YEARLY] : [] }),
    ],
    providers: role === 'worker' ? [{ provide: FAULT_PARTS, useValue: parts }, processor] : [],
  };
}

async function main(): Promise<void> {
  // The tests are gone.
  process.on('disconnect', () => process.exit(1));
  applyMutation(process.env[MUTATION_VARIABLE]);
  shiftClock(settings.clockOffsetMs);
  const queue = faultQueue(settings.keepsCompleted, settings.release);
  const effects = await KeyedEffects.open(settings.effectsUrl);
  const start = (): Promise<INestApplicationContext> =>
    NestFactory.createApplicationContext(hostModule({ settings, effects, queue }), { logger: ['fatal'] });
  const apps = settings.role === 'worker' ? [await start()] : [await start(), await start()];
  const services = apps.map((app) => app.get(MessageQueueService));
  const health = new HealthOfHost(apps);
  const answer = async (acknowledge: boolean): Promise<HostAnswer> => {
    if (acknowledge) await health.acknowledgeLoss();
    return { answer: await health.report() };
  };
  process.on('message', (order: AddOrder | HostOrder) => {
    if (order.kind === 'add')
      void addAsOrdered(services, queue, order).then((report) => process.send?.(report));
    else if (order.kind === 'block') blockEventLoop(order.ms);
    else if (order.kind === 'clock') shiftClock(order.offsetMs);
    else void answer(order.kind === 'acknowledge').then((told) => process.send?.(told));
  });
  const stop = async (): Promise<void> => {
    await Promise.all(apps.map((app) => app.close()));
    await effects.close();
    // From here on the process ends by itself.
    process.removeAllListeners('disconnect');
    process.send?.(STOPPED, () => process.disconnect());
  };
  let stopping: Promise<void> | undefined;
  process.on('SIGTERM', () => {
    stopping ??= stop();
  });
  process.send?.(READY);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
