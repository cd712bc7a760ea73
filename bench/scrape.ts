import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsString } from 'class-validator';
import { Redis } from 'ioredis';
import { defineQueue, MessageQueueModule } from '../src/message-queue/index.js';
import { JobTraces } from '../src/message-queue/telemetry/traces/job-traces.js';
import { ProcessActivity } from '../src/message-queue/jobs/activity/process-activity.js';
import { MetricsPage } from '../src/message-queue/operations/metrics/metrics-page.js';
import { BenchServer } from './bench-server.js';
import { redisCounters } from './process/redis-counters.js';
import { median } from './statistics.js';

class AnyPayload {
  @IsString()
  text!: string;
}

const QUEUES = Array.from({ length: 14 }, (_, i) =>
  defineQueue({
    ...{ name: `queue-${i + 1}`, description: 'Of the bench.', jobs: { send: AnyPayload } },
    ...{ concurrency: 2, attempts: 1, timeoutMs: 30_000, backoff: { type: 'fixed', delayMs: 1 } },
  }),
);
const SCRAPES = 300;
const SPANS = 1_000_000;

/**
 * What a scrape costs of a process with 14 queues that are busy, and what an add pays for traces where the app has no provider:
 * `node dist-tools/bench/scrape.js` after `npm run build:tools`.
 */
async function main(): Promise<void> {
  const server = await BenchServer.start();
  const url = `redis://127.0.0.1:${server.port}`;
  @Module({
    imports: [
      MessageQueueModule.forRoot({
        ...{ environment: 'test', role: 'producer', builtInQueues: false, redis: { url } },
      }),
      ...QUEUES.map((queue) => MessageQueueModule.registerQueue(queue)),
    ],
  })
  class BenchHost {}
  const app = await NestFactory.createApplicationContext(BenchHost, { logger: false });
  count(app.get(ProcessActivity, { strict: false }));
  const page = app.get(MetricsPage, { strict: false });
  const client = new Redis(url);
  let text = await page.text();
  const before = await redisCounters(client);
  const times: number[] = [];
  for (let n = 0; n < SCRAPES; n += 1) {
    const startedAt = performance.now();
    text = await page.text();
    times.push(performance.now() - startedAt);
  }
  const { commands, cpuMicros } = await redisCounters(client);
  const kilobytes = Buffer.byteLength(text) / 1_000;
  process.stdout.write(
    `scrape of 14 queues: ${median(times).toFixed(2)} ms (median of ${SCRAPES}), ${kilobytes.toFixed(1)} kB, ` +
      `${((commands - before.commands) / SCRAPES).toFixed(0)} commands and ${((cpuMicros - before.cpuMicros) / SCRAPES).toFixed(0)} µs of Redis\n` +
      `asking whether an add is traced, without a provider: ${askedNs(app.get(JobTraces, { strict: false })).toFixed(1)} ns\n`,
  );
  client.disconnect();
  await app.close();
  await server.stop();
}

/** Some of everything, so that no metric is left out. */
function count(activity: ProcessActivity): void {
  for (const { name } of QUEUES) {
    const counts = activity.of(name, 'send');
    for (let n = 0; n < 1_000; n += 1) {
      counts.added();
      counts.started(n, n);
      counts.completed(n * 7, n);
    }
    counts.failed(3, 3, true);
    counts.died('attempts_spent');
  }
}

function askedNs(traces: JobTraces): number {
  let on = 0;
  const startedAt = performance.now();
  for (let n = 0; n < SPANS; n += 1) if (traces.isOn) on += 1;
  return ((performance.now() - startedAt) * 1_000_000) / (SPANS + on);
}

void main();
