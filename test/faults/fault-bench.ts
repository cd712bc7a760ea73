import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job, Queue } from 'bull';
import { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';
import { TestRedis } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitUntil } from '../support/wait-until.js';
import { faultQueue, followUpOf } from './fault-queue.js';
import type { FaultJobDto, FaultWorkerSettings } from './fault-queue.js';
import { readRecord } from './fault-record.js';
import type { FaultRecord } from './fault-record.js';
import type { FaultRow } from './fault-row.js';
import { addOnce } from './fault-producer.js';
import type { FaultProducer } from './fault-producer.js';
import { KeyedEffects } from './keyed-effects.js';
import type { WorkerScript } from './worker-script.js';

/** How a bench is set up. */
export interface FaultBenchOptions {
  /** redis-server arguments. */
  readonly redis?: readonly string[];
  readonly maxCrashes?: number;
  readonly lock?: FaultWorkerSettings['lock'];
  /** Signals of the terminal do not reach workers and Redis. Default false. */
  readonly detached?: boolean;
}

/** Redis, a proxy before it, two producers and worker processes of one fault; compares what was promised with what was done. */
export class FaultBench {
  private readonly record: string;
  /** Key → the ids that its adds were told. */
  private readonly acknowledged = new Map<string, ReadonlySet<string>>();
  private readonly doomed = new Set<string>();
  private refused = 0;
  private readonly workers = new Set<ChildProcess>();
  private keys = 0;
  readonly broker: RedisBroker;
  readonly queue: Queue;
  private readonly producers: readonly FaultProducer[];

  private constructor(
    readonly redis: TestRedis,
    readonly proxy: TcpProxy,
    private readonly script: WorkerScript,
    private readonly options: FaultBenchOptions,
    private readonly directory: string,
    private readonly effects: KeyedEffects,
  ) {
    this.record = join(directory, 'record');
    writeFileSync(this.record, '');
    const producer = this.producer();
    ({ broker: this.broker, queue: this.queue } = producer);
    this.producers = [producer, this.producer()];
  }

  static async start(script: WorkerScript, options: FaultBenchOptions = {}): Promise<FaultBench> {
    const redis = await TestRedis.start(options.redis, null, options.detached);
    const directory = mkdtempSync(join(tmpdir(), 'mq-fault-'));
    const effects = await KeyedEffects.create(effectsIn(directory));
    return new FaultBench(redis, await TcpProxy.start(redis.port), script, options, directory, effects);
  }

  /** Starts a worker process and waits until it works. It reaches Redis through the proxy. */
  async worker(concurrency = 20, drainMs = 1_000): Promise<ChildProcess> {
    const settings: FaultWorkerSettings = {
      ...{ port: this.proxy.port, prefix: 'f', record: this.record },
      ...{
        effectsUrl: effectsIn(this.directory),
        concurrency,
        drainMs,
        maxCrashes: this.maxCrashes,
        lock: this.options.lock,
      },
    };
    const env = { ...process.env, ...(this.script.nodePath !== '' && { NODE_PATH: this.script.nodePath }) };
    // Jest's own options (memory limits, module flags) are not the worker's.
    const child = fork(this.script.file, [JSON.stringify(settings)], {
      env,
      execArgv: [],
      detached: this.options.detached,
    });
    this.workers.add(child);
    child.once('exit', () => this.workers.delete(child));
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', () => reject(new Error('A worker of the fault tests did not start.')));
    });
    return child;
  }

  /** Adds jobs and notes what came of each add. */
  async produce(count: number, job: Omit<FaultJobDto, 'key'>, name = 'work'): Promise<string[]> {
    const keys = Array.from({ length: count }, () => `k${(this.keys += 1)}`);
    if (job.doomed === true) for (const key of keys) this.doomed.add(key);
    await Promise.all(keys.map((key) => this.add(name, { ...job, key })));
    return keys;
  }

  /** Adds jobs until `stopped()`. */
  async produceUntil(stopped: () => boolean, job: Omit<FaultJobDto, 'key'>, perSecond = 100): Promise<void> {
    const pending: Promise<unknown>[] = [];
    while (!stopped()) {
      pending.push(this.produce(Math.ceil(perSecond / 20), job));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await Promise.all(pending);
  }

  read(): FaultRecord {
    return readRecord(readFileSync(this.record, 'utf8'));
  }

  /** Counts so far. */
  progress(): Pick<FaultRow, 'acknowledged' | 'finished'> {
    return { acknowledged: this.acknowledged.size, finished: this.read().done.size };
  }

  /** Waits until nothing is left to do and every promise is kept. */
  async settled(deadlineMs = 120_000): Promise<void> {
    await waitUntil(
      async () => {
        const { waiting, active, delayed } = await this.broker.snapshot(this.queue);
        return waiting + active + delayed === 0;
      },
      'all jobs to end',
      deadlineMs,
    );
  }

  /** Seconds from `since` (ms since the epoch) until another job finished. */
  async recoveredSince(since: number, deadlineMs = 60_000): Promise<number> {
    const at = await waitUntil(
      () => this.read().doneTimes.find((time) => time > since),
      'a job to finish after the fault',
      deadlineMs,
    );
    return (at - since) / 1_000;
  }

  async row(fault: string, secondsToRecover: number): Promise<FaultRow> {
    const { done, started, cutShort } = this.read();
    const happened = await this.effects.happened();
    const expected = [...done.keys()].flatMap((key) => [key, followUpOf(key)]);
    const ids = [...this.acknowledged.values()];
    const letters = await this.queue.getFailed(0, -1);
    const dead = new Set(letters.map(keyOf));
    // Cut short that often by others, a job is a dead letter by rights.
    const mayDie = (key: string): boolean =>
      this.doomed.has(key) || (cutShort.get(key) ?? 0) >= this.maxCrashes;
    const alive = [...this.doomed].filter((key) => started.has(key) && !dead.has(key));
    const lost = [...this.acknowledged.keys()].filter((key) => !done.has(key) && !dead.has(key));
    return {
      fault,
      acknowledged: this.acknowledged.size,
      finished: done.size,
      finishedTwice: [...done.values()].filter((times) => times > 1).length,
      deadLettered: letters.length,
      wronglyDead: [
        ...letters
          .filter((job) => !mayDie(keyOf(job)))
          .map((job) => describeLetter(job, cutShort.get(keyOf(job)))),
        ...alive.map((key) => `${key} lives`),
      ],
      lost: lost.length,
      keyedExpected: expected.length,
      keyedEffects: expected.filter((effect) => happened.has(effect)).length,
      keyedTwice: [...happened.values(), ...ids.map(({ size }) => size)].filter((times) => times > 1).length,
      refused: this.refused,
      secondsToRecover: Math.round(secondsToRecover * 10) / 10,
    };
  }

  async close(): Promise<void> {
    for (const child of this.workers) child.kill('SIGKILL');
    this.proxy.heal(true);
    await Promise.all(this.producers.map(({ broker }) => broker.close()));
    await this.effects.close();
    await this.proxy.stop();
    await this.redis.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private get maxCrashes(): number {
    return this.options.maxCrashes ?? 3;
  }

  private producer(): FaultProducer {
    const broker = new RedisBroker({
      redis: { topology: { kind: 'single', host: '127.0.0.1', port: this.proxy.port }, db: 0, tls: false },
      prefix: 'f',
      ...(this.options.lock && { lock: this.options.lock }),
    });
    return { broker, queue: broker.createQueue(faultQueue()) };
  }

  /** The same call is made twice at the same time, as by a client whose impatient request reached two instances. */
  private async add(name: string, data: FaultJobDto): Promise<void> {
    const told = await Promise.all(this.producers.map((producer) => addOnce(producer, name, data)));
    const ids = told.filter((id) => id !== null);
    if (ids.length === 0) this.refused += 1;
    else this.acknowledged.set(data.key, new Set(ids));
  }
}

const keyOf = ({ data }: Job): string => (data as FaultJobDto).key;

function describeLetter(job: Job, cutShort = 0): string {
  const { name, failedReason, attemptsMade } = job;
  return `${keyOf(job)} (${name}, attempt ${attemptsMade}, cut short ${cutShort} times): ${failedReason ?? 'no reason'}`;
}

const effectsIn = (directory: string): string => `file:${join(directory, 'effects.db')}`;
