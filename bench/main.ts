import { Redis } from 'ioredis';
import { TestRedis } from '../test/support/redis-server.js';
import { parseCommandLine, USAGE } from './bench-options.js';
import type { BenchCommand, BenchOptions } from './bench-options.js';
import type { BenchContext, Measurement, ResultRow } from './measurement.js';
import { deadLetterMeasurements } from './measurements/dead-letters.measurement.js';
import { drainMeasurements } from './measurements/drain.measurement.js';
import { enqueueMeasurements } from './measurements/enqueue.measurement.js';
import { latencyMeasurement } from './measurements/latency.measurement.js';
import { memoryProviderMeasurements } from './measurements/memory-provider.measurement.js';
import { memoryMeasurement } from './measurements/memory.measurement.js';
import { priorityMeasurements } from './measurements/priority.measurement.js';
import { table, writeResults } from './report.js';
import { memoryBroker, redisBroker } from './subjects/broker.subject.js';
import { bullMq } from './subjects/bullmq.subject.js';
import { moduleInMemory, moduleOnRedis } from './subjects/module.subject.js';
import { plainBull } from './subjects/plain-bull.subject.js';

const SUBJECTS = [plainBull, bullMq, moduleOnRedis, redisBroker, moduleInMemory, memoryBroker];

const MEASUREMENTS: readonly Measurement[] = [
  ...enqueueMeasurements,
  ...drainMeasurements,
  latencyMeasurement,
  memoryMeasurement,
  ...priorityMeasurements,
  ...deadLetterMeasurements,
  ...memoryProviderMeasurements,
];

function showProgress(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${what}`);
}

function isChosen({ id, slow }: Measurement, options: BenchOptions): boolean {
  if (options.only.length > 0) return options.only.some((text) => id.includes(text));
  return slow !== true || options.full;
}

function createContext(redis: TestRedis, client: Redis, options: BenchOptions): BenchContext {
  let names = 0;
  return {
    redis,
    options,
    flush: async () => {
      await client.flushall();
    },
    usedMemory: async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]),
    jobs: (count) => Math.max(100, Math.round(count * options.scale)),
    queueRequest: (concurrency = 10) => ({
      redisPort: redis.port,
      queueName: `bench-${String(names++)}`,
      concurrency,
    }),
    progress: showProgress,
  };
}

/** Runs the measurements, and puts each one's rows where they can be shown when a later one is interrupted. */
async function measure(
  context: BenchContext,
  measurements: readonly Measurement[],
  rows: ResultRow[],
): Promise<void> {
  for (const [index, measurement] of measurements.entries()) {
    const startedAt = performance.now();
    const measured = await measurement.run(context, SUBJECTS);
    rows.push(...measured.filter(({ samples }) => samples.length > 0));
    showProgress('');
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.error(`[${index + 1}/${measurements.length}] ${measurement.id} ${seconds} s`);
  }
}

function showResults(rows: readonly ResultRow[], redisVersion: string, options: BenchOptions): void {
  if (rows.length === 0) return;
  const file = writeResults(rows, { redisVersion, options });
  console.log(
    `\n${table(
      rows,
      SUBJECTS.map(({ name }) => name),
    )}\n`,
  );
  console.log(`Medians of ${options.rounds} rounds, ratio to plain Bull. Redis ${redisVersion}. ${file}`);
}

async function runBench(options: BenchOptions): Promise<void> {
  const measurements = MEASUREMENTS.filter((measurement) => isChosen(measurement, options));
  if (measurements.length === 0) throw new Error('No measurement matches; see `npm run bench -- --list`.');
  const redis = await TestRedis.start();
  const client = new Redis(redis.url);
  // An interrupted run takes the server away from under everybody's connections.
  client.on('error', () => undefined);
  const redisVersion = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? '?';
  const rows: ResultRow[] = [];
  const interrupted = (): void => {
    showResults(rows, redisVersion, options);
    void redis.stop().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    await measure(createContext(redis, client, options), measurements, rows);
    showResults(rows, redisVersion, options);
  } finally {
    client.disconnect();
    await redis.stop();
  }
}

async function main(): Promise<void> {
  let command: BenchCommand;
  try {
    command = parseCommandLine(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  if (command.command === 'help') console.log(USAGE);
  else if (command.command === 'list') console.log(MEASUREMENTS.map(({ id }) => id).join('\n'));
  else await runBench(command.options);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
