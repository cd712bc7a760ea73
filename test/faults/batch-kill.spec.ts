import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { SqlBatchProgressStore, SqlDatabase } from '../../src/message-queue/adapters/sql/index.js';
import { QueueName } from '../../src/message-queue/index.js';
import type { BatchSummary } from '../../src/message-queue/ports/index.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { BATCH_PREFIX, recipientId } from './batch-settings.js';
import type { BatchHostSettings, BatchTaken } from './batch-settings.js';
import { workerScript } from './process/worker-script.js';
import type { WorkerScript } from './process/worker-script.js';

const RECIPIENTS = 100_000;
const BATCH_ID = 'water-off';
/** Delivery jobs at which the first and the second worker are killed. */
const KILLS = [0.25 * RECIPIENTS, 0.6 * RECIPIENTS];
/** 20 of these jobs are 5 000 recipients each; more in the producer's memory than this and it keeps them all. */
const MOST_MEGABYTES_MORE = 150;

/** The processes of the test and what they share. */
class BatchBench {
  private readonly directory = mkdtempSync(join(tmpdir(), 'mq-batch-'));
  private readonly children = new Set<ChildProcess>();
  readonly databaseUrl = `file:${join(this.directory, 'progress.db')}`;
  readonly client: Redis;

  private constructor(
    private readonly redis: TestRedis,
    private readonly script: WorkerScript,
  ) {
    this.client = new Redis(redis.port);
  }

  static async start(): Promise<BatchBench> {
    return new BatchBench(await TestRedis.start(['--appendonly', 'yes']), workerScript('batch-host'));
  }

  /** Starts a process and waits for its first message. */
  async run<T>(role: BatchHostSettings['role']): Promise<{ child: ChildProcess; message: T }> {
    const settings: BatchHostSettings = {
      ...{ port: this.redis.port, databaseUrl: this.databaseUrl, role },
      ...{ batchId: BATCH_ID, recipients: RECIPIENTS },
    };
    const env = { ...process.env, ...(this.script.nodePath !== '' && { NODE_PATH: this.script.nodePath }) };
    const child = fork(this.script.file, [JSON.stringify(settings)], { env, execArgv: [] });
    this.children.add(child);
    const message = await new Promise<T>((resolve, reject) => {
      child.once('message', (said) => resolve(said as T));
      child.once('exit', (code) => reject(new Error(`The ${role} of the batch ended early: ${code}.`)));
    });
    return { child, message };
  }

  async kill(child: ChildProcess): Promise<void> {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    this.children.delete(child);
  }

  /** The recipient of each delivery job that lies in Redis, repeats included. */
  async recipientsOfJobs(): Promise<string[]> {
    const recipients: string[] = [];
    const stream = this.client.scanStream({
      type: 'hash',
      match: `${BATCH_PREFIX}:${QueueName.MESSAGE_DELIVERY}:*`,
      count: 1_000,
    });
    const seen = new Set<string>();
    for await (const keys of stream as AsyncIterable<string[]>) {
      // SCAN may name a key twice.
      const fresh = keys.filter((key) => !seen.has(key));
      for (const key of fresh) seen.add(key);
      const found = await Promise.all(fresh.map((key) => this.client.hget(key, 'data')));
      for (const data of found) {
        if (data !== null) recipients.push((JSON.parse(data) as { recipientId: string }).recipientId);
      }
    }
    return recipients;
  }

  /** Delivery jobs that wait to be run; the queue is paused, so that none is. */
  async waitingDeliveries(): Promise<number> {
    const key = `${BATCH_PREFIX}:${QueueName.MESSAGE_DELIVERY}`;
    const lengths = await Promise.all(['wait', 'paused'].map((list) => this.client.llen(`${key}:${list}`)));
    const inLanes = Number((await this.client.get(`${key}:mq:waiting`)) ?? 0);
    return lengths.reduce((sum, length) => sum + length, inLanes);
  }

  /** The batch's progress once every chunk of every segment is done and no batch job is left; else null. */
  async completeProgress(): Promise<BatchSummary | null> {
    const key = `${BATCH_PREFIX}:${QueueName.BATCH_MESSAGE_SENDING}`;
    const left = await Promise.all(['wait', 'active'].map((list) => this.client.llen(`${key}:${list}`)));
    const inLanes = Number((await this.client.get(`${key}:mq:waiting`)) ?? 0);
    if ([...left, inLanes].some((length) => length > 0) || (await this.client.zcard(`${key}:delayed`)) > 0)
      return null;
    const database = await SqlDatabase.open({ url: this.databaseUrl });
    try {
      const progress = await new SqlBatchProgressStore(database).summarize(BATCH_ID);
      return progress?.chunksDone === progress?.totalChunks ? progress : null;
    } finally {
      await database.close();
    }
  }

  async close(): Promise<void> {
    for (const child of this.children) if (child.exitCode === null) await this.kill(child);
    this.client.disconnect();
    await this.redis.stop();
    this.script.remove();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

describe('a batch of 100 000 recipients', () => {
  let bench: BatchBench;

  beforeEach(async () => {
    bench = await BatchBench.start();
  });
  afterEach(() => bench.close());

  it('gives every recipient exactly one delivery job, though its worker is killed twice on the way', async () => {
    const since = Date.now();
    const { message: taken } = await bench.run<BatchTaken>('producer');
    const killedAt: number[] = [];
    for (const kill of KILLS) {
      const { child } = await bench.run('worker');
      await waitUntil(async () => (await bench.waitingDeliveries()) >= kill, `${kill} delivery jobs`, 60_000);
      await bench.kill(child);
      killedAt.push(await bench.waitingDeliveries());
    }
    await bench.run('worker');
    const progress = await waitUntil(() => bench.completeProgress(), 'the batch to be complete', 60_000);

    const recipients = await bench.recipientsOfJobs();
    const seconds = (Date.now() - since) / 1_000;
    process.stdout.write(
      `\n${RECIPIENTS} recipients in ${taken.segments} jobs, added in ${taken.milliseconds} ms; ` +
        `producer ${taken.megabytesBefore} MB, at most ${taken.megabytesPeak} MB. ` +
        `Worker killed at ${killedAt.join(' and ')} delivery jobs. ` +
        `In the end ${recipients.length} delivery jobs for ${new Set(recipients).size} recipients, after ${seconds} s.\n`,
    );
    expect(Math.max(...killedAt)).toBeLessThan(RECIPIENTS);
    expect(recipients).toHaveLength(RECIPIENTS);
    const expected = Array.from({ length: RECIPIENTS }, (_, index) => recipientId(index));
    // Compared as texts: Jest would take minutes to show how two such lists differ.
    expect([...recipients].sort().join() === expected.sort().join()).toBe(true);
    expect(await bench.waitingDeliveries()).toBe(RECIPIENTS);
    expect(progress).toMatchObject({ segments: taken.segments, recipients: RECIPIENTS, sent: RECIPIENTS });
    expect(progress).toMatchObject({ failed: 0, skipped: 0 });
    expect(taken.megabytesPeak - taken.megabytesBefore).toBeLessThan(MOST_MEGABYTES_MORE);
  }, 120_000);
});
