import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { Packr } from 'msgpackr';
import {
  bucketOf,
  emptyRecord,
  RUNS_AT,
  WAITS_AT,
} from '../src/message-queue/jobs/activity/activity-record.js';
import type { ActivityRecord } from '../src/message-queue/jobs/activity/activity-record.js';
import { toStored } from '../src/message-queue/broker/rules/activity/stored-record.js';
import { RedisBroker } from '../src/message-queue/broker/redis/redis-broker.js';
import { defineQueue } from '../src/message-queue/jobs/queue-definition.js';
import { announcement, batch } from '../test/support/activity-batches.js';
import { BenchServer, showProgress } from './bench-server.js';
import { redisCounters, redisMemory } from './process/redis-counters.js';
import { median } from './statistics.js';

const HOURS = 72;
const QUEUES = Array.from({ length: 14 }, (_, i) => `queue-${i + 1}`);
/** One of the queues has two kinds of jobs. */
const SERIES = [
  ...QUEUES.map((queue) => ({ queue, job: 'send-message' })),
  { queue: 'queue-1', job: 'confirm' },
];
const PREFIX = 'bench';
const HOUR_MS = 3_600_000;

class AnyPayload {}

/**
 * What keeping what happened costs Redis: a flush of 15 busy series into minutes that are under way, the memory of 72 hours of them, a look at
 * 14 queues with `--backlog 0,1000000` jobs waiting in one of them, and reading 72 hours of one queue and of all. `--jobs` a minute and series (200),
 * `--rounds` of each (300).
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      backlog: { type: 'string', default: '0,1000000' },
      jobs: { type: 'string', default: '200' },
      rounds: { type: 'string', default: '300' },
    },
  });
  const [jobs, rounds] = [Number(values.jobs), Number(values.rounds)];
  const server = await BenchServer.start();
  const client = new Redis(server.port);
  const topology = { kind: 'single', host: '127.0.0.1', port: server.port } as const;
  const broker = new RedisBroker({ redis: { topology, db: 0, tls: false }, prefix: PREFIX });
  const bench = new ActivityMeasurement(broker, client, rounds);
  const lines = [`Redis ${server.version}, medians of ${rounds}, ${jobs} jobs a minute and series`];
  lines.push(await bench.memory(jobs));
  lines.push(await bench.flushes(jobs));
  for (const backlog of values.backlog.split(',')) lines.push(await bench.looks(Number(backlog)));
  lines.push(await bench.history(['queue-2']), await bench.history(QUEUES));
  showProgress('');
  process.stdout.write(`${lines.join('\n')}\n`);
  await broker.close();
  client.disconnect();
  await server.stop();
}

class ActivityMeasurement {
  private readonly packr = new Packr({ useRecords: false });
  private seq = 0;
  private waiting = 0;

  constructor(
    private readonly broker: RedisBroker,
    private readonly client: Redis,
    private readonly rounds: number,
  ) {}

  /** Fills all hours but that under way. */
  async memory(jobs: number): Promise<string> {
    const current = Math.floor(Date.now() / HOUR_MS);
    const before = await redisMemory(this.client);
    for (let hour = current - HOURS; hour < current; hour++) {
      showProgress(`filling hour ${hour - current}`);
      const writing = this.client.pipeline();
      for (const { queue, job } of SERIES) {
        const key = `${PREFIX}:{ops}:m:${queue}:${hour}`;
        writing.hset(
          key,
          'names',
          this.packr.pack(SERIES.filter((s) => s.queue === queue).map((s) => s.job)),
        );
        for (let minute = 0; minute < 60; minute++)
          writing.hset(key, `${job} ${minute}`, this.packr.pack(toStored(busy(jobs))));
        writing.pexpire(key, (HOURS + 2) * HOUR_MS);
      }
      await writing.exec();
    }
    const bytes = (await redisMemory(this.client)) - before;
    const each = bytes / (HOURS * 60 * SERIES.length);
    return `memory: ${HOURS} h of ${SERIES.length} series ${(bytes / 2 ** 20).toFixed(1)} MiB, ${each.toFixed(0)} B per series and minute`;
  }

  async flushes(jobs: number): Promise<string> {
    const record = busy(Math.ceil(jobs / 12));
    const flush = (): Promise<unknown> =>
      this.broker.activity.flush(
        batch('bench', (this.seq += 1), {
          series: SERIES.map((each) => ({ ...each, record })),
          announced: this.seq === 1 ? QUEUES.map(announcement) : [],
        }),
      );
    return `flush of ${SERIES.length} series: ${await this.measured(flush)}`;
  }

  async looks(backlog: number): Promise<string> {
    await this.fill(backlog);
    const look = (): Promise<unknown> => this.broker.activity.look(QUEUES);
    return `look at ${QUEUES.length} queues, ${backlog} jobs waiting: ${await this.measured(look)}`;
  }

  async history(queues: readonly string[]): Promise<string> {
    const hour = Math.floor(Date.now() / HOUR_MS);
    const read = (): Promise<unknown> =>
      Promise.all(queues.map((queue) => this.broker.activity.history(queue, hour - HOURS, hour)));
    return `${HOURS} h of ${queues.length} queue(s): ${await this.measured(read, Math.ceil(this.rounds / 20))}`;
  }

  private async fill(backlog: number): Promise<void> {
    if (backlog === 0) return;
    const queue = this.broker.createQueue(
      defineQueue({
        ...{
          name: 'queue-1',
          description: 'A queue.',
          jobs: { job: AnyPayload },
          concurrency: 1,
          attempts: 1,
        },
        ...{ backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 1_000 },
      }),
    );
    const step = Array.from({ length: 5_000 }, () => ({ name: 'job', data: {}, options: {} }));
    for (; this.waiting < backlog; this.waiting += step.length) {
      showProgress(`adding job ${this.waiting}`);
      await this.broker.addMany(queue, step);
    }
  }

  private async measured(call: () => Promise<unknown>, rounds = this.rounds): Promise<string> {
    for (let i = 0; i < 5; i++) await call();
    const before = await redisCounters(this.client);
    const trips: number[] = [];
    for (let i = 0; i < rounds; i++) {
      const startedAt = performance.now();
      await call();
      trips.push(performance.now() - startedAt);
    }
    const after = await redisCounters(this.client);
    const micros = (after.cpuMicros - before.cpuMicros) / rounds;
    const commands = (after.commands - before.commands) / rounds;
    return `${median(trips).toFixed(2)} ms, ${micros.toFixed(0)} µs of Redis, ${commands.toFixed(0)} commands inside`;
  }
}

/** What many jobs of a minute leave: waits of a few milliseconds, runs of some tens, a few that fail. */
function busy(jobs: number): ActivityRecord {
  const record = emptyRecord();
  record[0] = record[2] = jobs;
  record[3] = Math.floor(jobs / 50);
  for (let i = 0; i < jobs; i++) {
    const wait = Math.exp(1.5 * normal() + 1);
    const run = Math.exp(0.8 * normal() + 4);
    record[WAITS_AT + bucketOf(wait)] = (record[WAITS_AT + bucketOf(wait)] ?? 0) + 1;
    record[RUNS_AT + bucketOf(run)] = (record[RUNS_AT + bucketOf(run)] ?? 0) + 1;
    record[12] = (record[12] ?? 0) + wait;
    record[13] = (record[13] ?? 0) + run;
  }
  return record;
}

function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

void main();
