import 'reflect-metadata';
import { ProcessActivity, SeriesCounts } from '../src/message-queue/jobs/activity/process-activity.js';
import { IsInt } from 'class-validator';
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../src/message-queue/index.js';
import { MessageQueueWorker } from '../src/message-queue/operations/index.js';
import { ActivityReporters } from '../src/message-queue/monitoring/activity/activity-reporters.js';
import { BenchServer, showProgress } from './bench-server.js';
import { median } from './statistics.js';

const ROUNDS = 9;
const JOBS = 10_000;

class BenchDto {
  @IsInt() n!: number;
}
const QUEUE = defineQueue({
  name: 'activity',
  description: 'Measured.',
  jobs: { run: BenchDto },
  concurrency: 50,
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 1 },
  timeoutMs: 30_000,
  maxWaiting: 1_000_000,
});

let left = 0;
let drained = (): void => undefined;

@Processor(QUEUE.name)
class BenchProcessor {
  @JobHandler(QUEUE, 'run')
  async run(): Promise<void> {
    left -= 1;
    if (left === 0) drained();
  }
}

/** Counts nothing: what a job costs without. */
class Uncounted extends SeriesCounts {
  override added(): void {}
  override started(): void {}
  override completed(): void {}
}
const NOTHING = new Uncounted('activity', 'run');
class NoActivity extends ProcessActivity {
  override of(): SeriesCounts {
    return NOTHING;
  }
}

@Module({})
class BenchModule {}

/** What an add and a run take with what happens counted and without, alternately; and what one count takes alone. */
async function main(): Promise<void> {
  const server = await BenchServer.start();
  const results = {
    on: { add: [] as number[], drain: [] as number[] },
    off: { add: [] as number[], drain: [] as number[] },
  };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const mode of round % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
      showProgress(`round ${round}, ${mode}`);
      const measured = await measure(server.port, mode === 'on');
      // The first round warms up.
      if (round === 0) continue;
      results[mode].add.push(measured.addUs);
      results[mode].drain.push(measured.drainUs);
    }
  }
  await server.stop();
  const row = (what: 'add' | 'drain'): string => {
    const [on, off] = [median(results.on[what]), median(results.off[what])];
    return `| ${what} | ${off.toFixed(2)} | ${on.toFixed(2)} | ${(100 * (on / off - 1)).toFixed(1)} % |`;
  };
  console.log('| µs a job | off | on | more |\n|---|---|---|---|');
  console.log([row('add'), row('drain')].join('\n'));
  console.log(`one job's three counts alone: ${countNs().toFixed(0)} ns`);
}

async function measure(port: number, counted: boolean): Promise<{ addUs: number; drainUs: number }> {
  const off = { provide: ProcessActivity, useFactory: () => new NoActivity([QUEUE]) };
  const host = {
    module: BenchModule,
    imports: [
      MessageQueueModule.forRoot({
        ...{ provider: 'redis' as const, redis: { host: '127.0.0.1', port }, prefix: 'bench' },
        ...{ environment: 'test', autoStart: false, builtInQueues: false as const },
        adapters: counted ? [] : [off],
      }),
      MessageQueueModule.registerQueue(QUEUE),
    ],
    providers: [BenchProcessor],
  };
  const app = await NestFactory.createApplicationContext(host, { logger: ['fatal'], abortOnError: false });
  if (!counted) app.get(ActivityReporters, { strict: false }).hold();
  const queue = app.get(MessageQueueService, { strict: false });
  const begun = performance.now();
  for (let added = 0; added < JOBS; added += 500) {
    await Promise.all(Array.from({ length: 500 }, () => queue.enqueue(QUEUE, 'run', { n: 1 })));
  }
  const addUs = ((performance.now() - begun) * 1_000) / JOBS;
  left = JOBS;
  const done = new Promise<void>((resolve) => (drained = resolve));
  const from = performance.now();
  await app.get(MessageQueueWorker, { strict: false }).start();
  await done;
  const drainUs = ((performance.now() - from) * 1_000) / JOBS;
  await app.close();
  return { addUs, drainUs };
}

function countNs(): number {
  const activity = new ProcessActivity([QUEUE]);
  const count = (times: number): number => {
    const begun = performance.now();
    for (let i = 0; i < times; i++) {
      const counts = activity.of('activity', 'run');
      counts.added();
      counts.started(i & 1_023, i);
      counts.completed(i & 255, i);
    }
    return ((performance.now() - begun) * 1e6) / times;
  };
  count(1_000_000);
  return count(5_000_000);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
