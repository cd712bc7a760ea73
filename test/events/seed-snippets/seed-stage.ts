// Runs every code block of seed 003 as a host would, with real threads, and says so. It must end by itself with exit code 0.
// `BUFFERED_EVENTS_THREADS_MODULE` names the built seed-threads.module: the seed's own configuration knows nothing of modules.
import 'reflect-metadata';
import { strict as assert } from 'node:assert';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplicationContext, Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  bootstrapEventSystem,
  BufferedEventBusService,
  BufferedEventsModule,
  defaultBufferedEventConfig,
} from 'nestjs-message-queue/buffered-events';
import type { BufferedEventConfig } from 'nestjs-message-queue/buffered-events';
import { eventSystem } from './01-bootstrap.js';
import { UserRegisteredEvent } from './02-create-events.js';
import { UserService } from './04-emit-events.js';
import { config } from './05-basic-configuration.js';
import { advancedConfig } from './06-advanced-configuration.js';
import { config as retries } from './11-automatic-retries.js';
import { OrderCreatedEvent } from './16-event-design.js';
import { devConfig, prodConfig } from './18-configuration-practice.js';
import { UserEventHandler as MigratedHandler } from './24-migrate-handlers.js';
import { email, userId } from './prologue.js';
import { run } from './running-bus.js';

const DEADLINE_MS = 90_000;

@Module({})
class Host {}

const boot = (imports: DynamicModule[], providers: Provider[] = []): Promise<INestApplicationContext> =>
  NestFactory.createApplicationContext({ module: Host, imports, providers }, { logger: ['error', 'fatal'] });

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = performance.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`Waited ${DEADLINE_MS} ms for ${what}, in vain.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Where the sources run without a build, a snippet that waits says when it has ended; elsewhere that is when it is loaded. */
async function done(snippet: Promise<object>): Promise<void> {
  await Reflect.get(await snippet, 'ran');
}

/** The migration: before it, after it, and handlers that stay the same. */
async function runMigration(bus: BufferedEventBusService): Promise<void> {
  const { eventSystem: before } = await import('./22-migrate-bootstrap-before.js');
  await before.ready;
  const handled: unknown[] = [];
  before.eventBus.registerHandler('user.registered', {
    handle: (event) => void handled.push(event.payload.email),
  });
  run({ bufferedEventBus: bus, eventBus: before.eventBus });
  await done(import('./23-migrate-emission.mjs'));
  assert.deepEqual(handled, [email], 'the synchronous bus has run its handler');
  await before.shutdown();

  const { eventBus, shutdown } = bootstrapEventSystem([MigratedHandler]);
  await eventBus.emit(new UserRegisteredEvent(userId, email));
  await shutdown();
}

/** "After" of the migration. */
async function runMigrated(): Promise<void> {
  const { eventSystem: after } = await import('./22-migrate-bootstrap-after.js');
  await after.ready;
  assert.equal((await after.eventBus.getHealthStatus()).status, 'healthy');
  await after.shutdown();
}

/** Each configuration starts, with the same validation as ever, and without threads of its own. */
async function runConfigurations(): Promise<void> {
  const configurations: Record<string, Partial<BufferedEventConfig>> = {
    ...{ config, advancedConfig, retries, devConfig, prodConfig },
    production: { ...defaultBufferedEventConfig, ...prodConfig },
  };
  for (const [name, configuration] of Object.entries(configurations)) {
    const app = await boot([BufferedEventsModule.forRoot({ ...configuration, workerCount: 0 })]);
    const bus = app.get(BufferedEventBusService);
    let handled = 0;
    bus.registerHandler('configured', { handle: () => (handled += 1) });
    await bus.emitEvent('configured', { name });
    await until(() => handled === 1, `an event under ${name}`);
    await app.close();
  }
}

async function main(): Promise<void> {
  await eventSystem.ready;
  const bus = eventSystem.bufferedEventBus;
  const app = await boot([], [UserService, { provide: BufferedEventBusService, useValue: bus }]);
  run({ bufferedEventBus: bus, eventBus: bus });
  assert.equal(bus.getWorkerStatistics().totalWorkers, 4, 'the first block asks for four threads');

  await app.get(UserService).registerUser({ email: 'grace@example.org' });
  await bus.emit(new OrderCreatedEvent('o-1', 'c-1', 42));
  await bus.emitEvent('user.process', { userId: 'whole' });
  const broken = await bus.emitEvent('user.process', { userId: 'broken' });

  await done(import('./07-priorities.mjs'));
  await runMigration(bus);
  await until(() => bus.getDeadLetterQueue().length === 1, 'the event that always fails to be a dead letter');
  const [letter] = bus.getDeadLetterQueue();
  assert.equal(letter?.id, broken);
  assert.equal(letter.attempts, 1 + retries.retryAttempts);
  assert.equal(letter.lastError.message, 'this user cannot be processed');

  await import('./08-system-metrics.js');
  await done(import('./09-health.mjs'));
  await import('./10-worker-statistics.js');
  await import('./12-dead-letter-queue.js');
  await done(import('./14-worker-scaling.mjs'));
  assert.equal(bus.getWorkerStatistics().totalWorkers, 2, 'an idle system is scaled down');
  await import('./15-memory-management.js');
  // Not awaited one by one, so that they stand in the queue when the next block looks.
  const many = Array.from({ length: 5_001 }, (_, n) =>
    bus.emitEvent('user.process', { userId: `burst ${n}` }),
  );
  await import('./19-high-queue-depth.js');
  await Promise.all(many);
  await import('./21-memory-issues.js');
  await until(() => bus.getMetrics().queueMetrics.size === 0, 'the burst to be handled');
  await app.close();
  await eventSystem.shutdown();
  await done(import('./20-worker-failures.mjs'));

  await runConfigurations();
  await runMigrated();
  console.log('seed snippets run');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
