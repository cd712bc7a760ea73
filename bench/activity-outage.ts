import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsInt } from 'class-validator';
import type { ActivityBatch } from '../src/message-queue/broker/activity-store.js';
import { ManagedQueues } from '../src/message-queue/broker/managed-queues.js';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../src/message-queue/index.js';
import { ProcessActivity } from '../src/message-queue/jobs/activity/process-activity.js';
import { TcpProxy } from '../test/support/tcp-proxy.js';
import { BenchServer, showProgress } from './bench-server.js';

const AWAY_MS = 60_000;
const EVERY_MS = 100;
const PROBES = 200;
/** What is counted by hand while Redis is away, each tick. */
const COUNTED = 1_000;

class OutageDto {
  @IsInt() n!: number;
}
const OUTAGE = defineQueue({
  ...{
    name: 'outage',
    description: 'Measured.',
    jobs: { run: OutageDto, counted: OutageDto },
    concurrency: 4,
  },
  ...{ attempts: 1, timeoutMs: 30_000, backoff: { type: 'fixed', delayMs: 1 } },
});

let began: (at: number) => void = () => undefined;

@Processor(OUTAGE.name)
class OutageProcessor {
  @JobHandler(OUTAGE, 'run')
  run(): void {
    began(performance.now());
  }

  @JobHandler(OUTAGE, 'counted')
  counted(): void {}
}

/** How long adds and the way to a handler take, milliseconds, sorted. */
async function probe(queue: MessageQueueService): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < PROBES; n += 1) {
    const ran = new Promise<number>((resolve) => (began = resolve));
    const addedAt = performance.now();
    await queue.enqueue(OUTAGE, 'run', { n });
    times.push((await ran) - addedAt);
  }
  return times.sort((a, b) => a - b);
}

/** What tells of a process that lost Redis for a minute: `node --expose-gc dist-tools/bench/activity-outage.js`. */
async function main(): Promise<void> {
  const server = await BenchServer.start();
  const proxy = await TcpProxy.start(server.port);
  @Module({
    imports: [
      MessageQueueModule.forRoot({
        ...{ provider: 'redis', redis: { host: '127.0.0.1', port: proxy.port } },
        ...{ environment: 'test', builtInQueues: false },
      }),
      MessageQueueModule.registerQueue(OUTAGE),
    ],
    providers: [OutageProcessor],
  })
  class BenchHost {}
  const app = await NestFactory.createApplicationContext(BenchHost, { logger: false });
  const queue = app.get(MessageQueueService);
  const sent = watched(app.get(ManagedQueues, { strict: false }));
  await probe(queue);
  const before = await probe(queue);
  const heapBefore = heapBytes();
  proxy.refuse();
  sent.length = 0;
  const lateMs = await whileAway(app.get(ProcessActivity, { strict: false }));
  const batches = new Set(sent.map(({ seq }) => seq)).size;
  const heapAfter = heapBytes();
  proxy.heal();
  const healedAt = performance.now();
  while (!(await isBack(queue))) await pause(10);
  const backMs = performance.now() - healedAt;
  const after = await probe(queue);
  const { points } = await queue.getQueueHistory(OUTAGE.name, { hours: 1, job: 'counted' });
  const added = points.reduce((sum, point) => sum + point.added, 0);
  const row = (times: readonly number[]): string =>
    [0.5, 0.99].map((share) => (times[Math.floor(times.length * share)] ?? 0).toFixed(2)).join(' / ');
  process.stdout.write(
    `Redis away for ${AWAY_MS / 1_000} s, ${sent.length} tries of ${batches} batch: ` +
      `heap ${((heapAfter - heapBefore) / 1_000).toFixed(0)} kB more, timers at most ${lateMs.toFixed(0)} ms late\n` +
      `add to handler, p50 / p99 ms: ${row(before)} before, ${row(after)} after; first add ${backMs.toFixed(0)} ms after Redis was back\n` +
      `counted meanwhile: ${added} of ${(AWAY_MS / EVERY_MS) * COUNTED}\n`,
  );
  await app.close();
  await proxy.stop();
  await server.stop();
}

/** Every batch that goes to the store from now on. */
function watched(queues: ManagedQueues): ActivityBatch[] {
  const sent: ActivityBatch[] = [];
  const { activity } = queues.get(OUTAGE.name).broker;
  const flush = activity.flush.bind(activity);
  activity.flush = (batch) => {
    sent.push(batch);
    return flush(batch);
  };
  return sent;
}

/** Counts all the time. @returns how late a timer came at most, milliseconds */
async function whileAway(activity: ProcessActivity): Promise<number> {
  let lateMs = 0;
  for (let tick = 0; tick < AWAY_MS / EVERY_MS; tick += 1) {
    showProgress(`away for ${(tick * EVERY_MS) / 1_000} s`);
    for (let n = 0; n < COUNTED; n += 1) activity.of(OUTAGE.name, 'counted').added();
    const dueAt = performance.now() + EVERY_MS;
    await pause(EVERY_MS);
    lateMs = Math.max(lateMs, performance.now() - dueAt);
  }
  return lateMs;
}

async function isBack(queue: MessageQueueService): Promise<boolean> {
  return queue.enqueue(OUTAGE, 'run', { n: -1 }).then(
    () => true,
    () => false,
  );
}

function heapBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}

void main();
