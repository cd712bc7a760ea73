// All of it on real threads, and how fast: npm run build && node dist/examples/events/integration-test.js
// Exits with 1 when anything is not as it should be.
import 'reflect-metadata';
import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { BufferedEventBusService } from 'nestjs-message-queue/buffered-events';
import { AppModule } from './app.module.js';
import { UserRegisteredEvent } from './user-registered.event.js';

const BURST = 5_000;
const DEADLINE_MS = 60_000;

async function settled(bus: BufferedEventBusService): Promise<void> {
  const giveUpAt = performance.now() + DEADLINE_MS;
  while (bus.getMetrics().queueMetrics.size > 0) {
    assert.ok(performance.now() < giveUpAt, 'events are still waiting');
    await pause(5);
  }
}

/** An event that fails is run again, becomes a dead letter, and can be put back. */
async function failures(bus: BufferedEventBusService): Promise<void> {
  const id = await bus.emit(new UserRegisteredEvent('3', 'nobody@nowhere.invalid'));
  await settled(bus);
  const [letter] = bus.getDeadLetterQueue();
  assert.equal(letter?.id, id);
  assert.equal(letter.attempts, 2);
  console.log(`A dead letter after ${letter.attempts} runs: ${letter.lastError.message}`);
  assert.equal(await bus.replayDeadLetters((dead) => dead.id === id), 1);
  await settled(bus);
  assert.equal(bus.getDeadLetterQueue().length, 1);
}

/** Work that would hold up requests: the app's own thread goes on meanwhile. */
async function throughput(bus: BufferedEventBusService): Promise<void> {
  const before = bus.getMetrics().queueMetrics.totalProcessed;
  const begun = performance.now();
  for (let n = 0; n < BURST; n += 1)
    await bus.emitEvent('user.registered', { userId: `${n}`, email: `${n}@example.org` });
  const emitted = performance.now();
  await settled(bus);
  const all = performance.now();
  assert.equal(bus.getMetrics().queueMetrics.totalProcessed - before, BURST);
  const perSecond = (milliseconds: number): number => Math.round((BURST / milliseconds) * 1000);
  console.log(`${perSecond(emitted - begun)} events/s emitted, ${perSecond(all - begun)} events/s handled`);
}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
  const bus = app.get(BufferedEventBusService);
  const { status, activeWorkers } = await bus.getHealthStatus();
  console.log(`${status}, ${activeWorkers} threads`);
  await failures(bus);
  await throughput(bus);
  await bus.scaleWorkers(1);
  assert.equal(bus.getWorkerStatistics().totalWorkers, 1);
  for (let n = 0; n < 20; n += 1) await bus.emitEvent('report.requested', {}, { priority: 'low' });
  await app.close();
  const { size } = bus.getMetrics().queueMetrics;
  assert.equal(size, 0);
  console.log('All as it should be');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
