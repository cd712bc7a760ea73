import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { AddMode, AddOrder } from '../process/add-order.js';
import { FAULT_PREFIX, FAULT_QUEUE, keyOf } from '../process/fault-queue.js';
import type { FaultHostSettings, FaultJobDto, FaultRelease } from '../process/fault-queue.js';
import type { HostHealth, HostOrder } from '../process/host-order.js';
import { KeyedEffects } from '../process/keyed-effects.js';
import type { WorkerScript } from '../process/worker-script.js';
import { TestRedis } from '../../support/redis-server.js';
import { waitUntil } from '../../support/wait-until.js';
import { AddBook } from './add-book.js';
import { FaultNetwork } from './fault-network.js';
import { FaultRecord } from './fault-record.js';
import type { FaultRow } from './fault-row.js';
import { asked, HostProcesses } from './host-processes.js';
import { judge } from './judge.js';
import { LockWitness, WITNESS_SETTINGS } from './lock-witness.js';
import { ProducerProcess } from './producer-process.js';
import { openJobs, storedJobs } from './stored-jobs.js';

/** How a bench is set up. */
export interface FaultBenchOptions {
  /** redis-server arguments. */
  readonly redis?: readonly string[];
  /** How producers and workers sign in. Default: they need not. */
  readonly credentials?: { readonly username?: string; readonly password: string };
  readonly maxCrashes?: number;
  readonly lock?: FaultHostSettings['lock'];
  /** Jobs that finished stay. Default true. */
  readonly keepsCompleted?: boolean;
  /** What the producers know, and workers that are told nothing else. Default `old`. */
  readonly release?: FaultRelease;
  /** Workers declare a schedule whose first run is far away. Default false. */
  readonly hasSchedule?: boolean;
}

/** How a worker differs from the others. */
export interface OtherWorker {
  readonly concurrency?: number;
  readonly release?: FaultRelease;
  /** So much its clock is wrong, milliseconds. */
  readonly clockOffsetMs?: number;
}

/** What is the same for all benches of a run. */
export interface FaultBenchSetting {
  readonly script: WorkerScript;
  /** Signals of the terminal do not reach workers and Redis. Default false. */
  readonly detached?: boolean;
  /** What the processes under test get beside this process' environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** How long jobs may take to end once their fault is over, milliseconds. Default two minutes. */
  readonly patienceMs?: number;
}

/** What a job is like: its key is the bench's. */
export type FaultJob = Omit<FaultJobDto, 'key' | 'notBefore'>;

/** What the checker signs in with, whatever the fault does to the password of the others. */
const CHECKER = ['--user', 'checker', 'on', 'nopass', '~*', '&*', '+@all'] as const;
const BASE = `${FAULT_PREFIX}:${FAULT_QUEUE}:`;
const MODES: readonly AddMode[] = ['keyed', 'plain', 'id', 'delayed', 'urgent'];
/** Where jobs that finished are gone, so is what an id was known by. */
const MODES_UNKEPT = MODES.filter((mode) => mode !== 'id');
const PATIENCE_MS = 120_000;

/** Redis, the network before it, a process with two producers and worker processes of one fault; compares what was promised with what was done. */
export class FaultBench {
  private readonly adds = new AddBook();
  private numbers = 0;
  private producers!: ProducerProcess;

  private constructor(
    readonly redis: TestRedis,
    readonly network: FaultNetwork,
    /** A connection that no fault reaches but the death of the server. */
    readonly client: Redis,
    private readonly options: FaultBenchOptions,
    private readonly setting: FaultBenchSetting,
    private readonly files: { directory: string; record: FaultRecord; effects: KeyedEffects },
    private readonly witness: LockWitness,
    private readonly processes: HostProcesses,
  ) {}

  static async start(setting: FaultBenchSetting, options: FaultBenchOptions = {}): Promise<FaultBench> {
    const { script, detached = false, env = {} } = setting;
    const settings = [...CHECKER, ...WITNESS_SETTINGS, ...(options.redis ?? [])];
    const redis = await TestRedis.start(settings, null, detached);
    const directory = mkdtempSync(join(tmpdir(), 'mq-fault-'));
    writeFileSync(recordIn(directory), '');
    const effects = await KeyedEffects.create(effectsIn(directory));
    const files = { directory, record: new FaultRecord(recordIn(directory)), effects };
    const witness = new LockWitness(checkerOf(redis), recordIn(directory), BASE);
    const bench = new FaultBench(
      ...[redis, await FaultNetwork.start(redis.port), checkerOf(redis), options, setting, files, witness],
      new HostProcesses(script, detached, env),
    );
    await witness.start();
    bench.producers = new ProducerProcess(await bench.host('producers', 1, 1_000));
    return bench;
  }

  /** Starts a worker process and waits until it works. It reaches Redis through its proxy. */
  worker(concurrency = 20, drainMs = 1_000): Promise<ChildProcess> {
    return this.host('worker', concurrency, drainMs);
  }

  /** As {@link worker}, of ten handlers unless told otherwise. */
  otherWorker({ concurrency = 10, ...other }: OtherWorker): Promise<ChildProcess> {
    return this.host('worker', concurrency, 1_000, other);
  }

  /** The process that adds jobs. */
  get producer(): ChildProcess {
    return this.producers.child;
  }

  /** Sets the clock of a process, as far as the code under test sees it; returns at once. */
  setClock(process: ChildProcess, offsetMs: number): void {
    process.send({ kind: 'clock', offsetMs } satisfies HostOrder);
  }

  /** Blocks the event loop of a worker, unless it has just died; returns at once. */
  block(worker: ChildProcess, ms: number): void {
    worker.send({ kind: 'block', ms } satisfies HostOrder, () => undefined);
  }

  /** Adds jobs, in one mode after another unless one is given, and notes what came of each add. */
  async produce(
    count: number,
    job: FaultJob,
    more: Partial<Pick<AddOrder, 'name' | 'mode'>> = {},
  ): Promise<string[]> {
    const { name = 'work', mode } = more;
    const orders = Array.from({ length: count }, (): AddOrder => {
      const number = (this.numbers += 1);
      const modes = this.keepsCompleted ? MODES : MODES_UNKEPT;
      const next = modes[number % modes.length] ?? 'plain';
      return { kind: 'add', number, name, data: { ...job, key: keyOf(name, number) }, mode: mode ?? next };
    });
    for (const { data } of orders) this.adds.order(data.key);
    await Promise.all(
      orders.map(async (order) => this.adds.note(order, (await this.producers.add(order)).calls)),
    );
    return orders.map(({ data }) => data.key);
  }

  /** Adds jobs until `stopped()`. */
  async produceUntil(stopped: () => boolean, job: FaultJob, perSecond = 100): Promise<void> {
    const pending: Promise<unknown>[] = [];
    while (!stopped()) {
      pending.push(this.produce(Math.ceil(perSecond / 20), job));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await Promise.all(pending);
  }

  /** Empties Redis: of the jobs that were ordered until now nothing is promised any more. */
  async empty(): Promise<void> {
    await this.client.flushall();
    this.adds.forget();
  }

  /** What each process that runs says of the queue. */
  health(): Promise<HostHealth[]> {
    return this.processes.health();
  }

  /** Tells one process that the loss has been dealt with. */
  async acknowledgeLoss(): Promise<void> {
    await asked(this.producer, 'acknowledge');
  }

  /** How many schedules there are. */
  schedules(): Promise<number> {
    return this.client.zcard(`${BASE}repeat`);
  }

  /** What handlers wrote down so far. */
  read(): FaultRecord {
    return this.files.record.refresh();
  }

  /** Counts so far. */
  progress(): Pick<FaultRow, 'acknowledged' | 'finished'> {
    return { acknowledged: this.adds.acknowledged.size, finished: this.read().done.size };
  }

  /** Whether an add of this job was acknowledged. */
  isAcknowledged(key: string): boolean {
    return this.adds.acknowledged.has(key);
  }

  /** Ids that stand in `active`. */
  active(): Promise<string[]> {
    return this.client.lrange(`${BASE}active`, 0, -1);
  }

  /** How many jobs wait in a worker that has taken them ahead. */
  ahead(): Promise<number> {
    return this.client.scard(`${BASE}mq:ahead`);
  }

  /** Waits until nothing is left to do. */
  async settled(deadlineMs?: number): Promise<void> {
    const patienceMs = this.setting.patienceMs ?? deadlineMs ?? PATIENCE_MS;
    await waitUntil(async () => (await openJobs(this.client, BASE)) === 0, 'all jobs to end', patienceMs);
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

  /** Tells all processes to stop, and judges what became of the jobs. */
  async row(fault: string, secondsToRecover: number): Promise<FaultRow> {
    await this.processes.stop();
    return judge({
      ...{ fault, secondsToRecover, adds: this.adds, record: this.read() },
      stored: await storedJobs(this.client, BASE),
      effects: await this.files.effects.happened(),
      wrongExits: this.processes.wrongExits,
      maxCrashes: this.maxCrashes,
      keepsCompleted: this.keepsCompleted,
    });
  }

  async close(): Promise<void> {
    await this.processes.kill();
    this.network.heal(true);
    this.witness.stop();
    this.client.disconnect();
    this.files.record.close();
    await this.files.effects.close();
    await this.network.stop();
    await this.redis.stop();
    rmSync(this.files.directory, { recursive: true, force: true });
  }

  private get maxCrashes(): number {
    return this.options.maxCrashes ?? 3;
  }

  private get keepsCompleted(): boolean {
    return this.options.keepsCompleted ?? true;
  }

  private host(
    role: FaultHostSettings['role'],
    concurrency: number,
    drainMs: number,
    { release = this.options.release ?? 'old', clockOffsetMs = 0 }: OtherWorker = {},
  ): Promise<ChildProcess> {
    const { directory } = this.files;
    const hasSchedule = role === 'worker' && this.options.hasSchedule === true;
    const { port } = role === 'worker' ? this.network.workers : this.network.producers;
    return this.processes.start({
      ...{ role, concurrency, drainMs, redis: { port, ...this.options.credentials } },
      ...{ record: recordIn(directory), effectsUrl: effectsIn(directory) },
      ...{ maxCrashes: this.maxCrashes, keepsCompleted: this.keepsCompleted, lock: this.options.lock },
      ...{ release, clockOffsetMs, hasSchedule },
    });
  }
}

function checkerOf(redis: TestRedis): Redis {
  const client = redis.client({ username: 'checker', password: 'any', maxRetriesPerRequest: null });
  // It reconnects by itself.
  client.on('error', () => undefined);
  return client;
}

const effectsIn = (directory: string): string => `file:${join(directory, 'effects.db')}`;
const recordIn = (directory: string): string => join(directory, 'record');
