import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Queue } from 'bull';
import { once as keyed, request } from '../../../../../test/support/add-requests.js';
import { workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { numbersOf, ordinary, spoolStage } from '../../../../../test/support/spool-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { BrokerUnavailableError, IdempotencyConflictError, QueueFullError } from '../../../jobs/errors.js';

describe('a spool', () => {
  const stage = spoolStage();
  const waiting = async (queue: Queue): Promise<number[]> =>
    numbersOf(await queue.getWaiting()).toSorted((a, b) => a - b);

  it('takes adds while Redis is away, under their final ids and in order, and those behind them until it is empty', async () => {
    const { broker, queue } = await stage.spooling();
    const receipts = await Promise.all([1, 2, 3].map((n) => broker.addOnce(queue, ordinary(n))));
    const many = await broker.addMany(queue, [
      ordinary(4),
      request({ data: { n: 5 }, options: { delay: 1 } }),
    ]);
    expect(many.map(({ outcome }) => outcome)).toEqual(['added', 'added']);
    expect(broker.spooled).toMatchObject({ jobs: 6, oldestAt: expect.any(Number) });
    stage.proxy.heal();
    let last = 6;
    while (broker.spooled?.jobs !== 0) {
      await broker.addOnce(queue, ordinary(last));
      last += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const { seen } = await workOn(broker, queue, undefined, 1);
    await waitUntil(() => numbersOf(seen).length === last, 'all to run');
    expect(numbersOf(seen).filter((n) => n !== 5)).toEqual(
      Array.from({ length: last }, (_, n) => n).filter((n) => n !== 5),
    );
    for (const { id } of receipts) expect(seen.map((run) => run.id)).toContain(id);
  });

  it('keeps its jobs from everybody else, whatever the umask, and overwrites what left it', async () => {
    const umask = process.umask(0);
    const { broker, queue } = await stage.spooling().finally(() => process.umask(umask));
    await broker.addOnce(queue, request({ data: { secret: 'hush-hush' } }));
    const parts = () => readdirSync(stage.directory).map((name) => join(stage.directory, name));
    for (const part of parts()) expect(statSync(part).mode & 0o077).toBe(0);
    expect(parts().some((part) => readFileSync(part, 'latin1').includes('hush-hush'))).toBe(true);
    stage.proxy.heal();
    await waitUntil(() => broker.spooled?.jobs === 0, 'the spool to be empty');
    await waitUntil(
      () => !parts().some((part) => readFileSync(part, 'latin1').includes('hush-hush')),
      'it to go',
    );
  });

  it('takes a job or a key once, and refuses a key for another payload', async () => {
    const { broker, queue } = await stage.spooling();
    const first = await broker.addOnce(queue, request({ data: { n: 1 }, ...keyed('k') }));
    expect(await broker.addOnce(queue, request({ data: { n: 1 }, ...keyed('k') }))).toEqual({
      id: first.id,
      deduplicated: true,
    });
    await expect(broker.addOnce(queue, request(keyed('k', 'other')))).rejects.toThrow(
      IdempotencyConflictError,
    );
    const mine = request({ data: { n: 2 }, options: { jobId: 'mine' } });
    expect(await broker.addOnce(queue, mine)).toEqual({ id: 'mine', deduplicated: false });
    expect(await broker.addOnce(queue, mine)).toEqual({ id: 'mine', deduplicated: true });
    expect(broker.spooled?.jobs).toBe(3);
    stage.proxy.heal();
    await waitUntil(() => broker.spooled?.jobs === 0, 'the spool to be empty');
    expect(await waiting(queue)).toEqual([0, 1, 2]);
    expect(await broker.addOnce(queue, request({ data: { n: 1 }, ...keyed('k') }))).toEqual({
      id: first.id,
      deduplicated: true,
    });
  });

  it.each([
    ['maxJobs', { maxJobs: 3 }],
    ['maxBytes', { maxBytes: 1_100 }],
  ])('refuses an add beyond %s, for certain', async (_limit, limit) => {
    const { broker, queue } = await stage.spooling(limit);
    const text = 'x'.repeat(500);
    const added = async (): Promise<unknown> => {
      for (;;) await broker.addOnce(queue, request({ data: { text } }));
    };
    await expect(added()).rejects.toThrow(QueueFullError);
    await expect(added()).rejects.toThrow(
      /^The spool in .* is full: it holds .* Try again in 1000 ms, .* raise spool\.max/,
    );
  });

  it('does not take a schedule, whose next run would be over', async () => {
    const { broker, queue } = await stage.spooling();
    const add = broker.addOnce(queue, request({ options: { repeat: { every: 60_000 } } }));
    await expect(add).rejects.toThrow(BrokerUnavailableError);
  });

  it('hands what it holds to the next process, also of one that was killed', async () => {
    const host = spawn(
      process.execPath,
      [
        ...['--require', join(__dirname, '../../../../../test/support/typescript-hook.cjs')],
        ...[
          join(__dirname, '../../../../../test/support/spooling-process.ts'),
          stage.directory,
          stage.behind.prefix,
        ],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ids: string[] = [];
    createInterface({ input: host.stdout }).on('line', (id) => ids.push(id));
    await waitUntil(() => ids.length >= 50, 'it to spool', 60_000);
    const beside = stage.open();
    expect(beside.broker.spooled?.jobs).toBe(0);
    await beside.broker.close();
    host.kill('SIGKILL');
    await once(host, 'close');
    const { broker, queue } = stage.open();
    expect(broker.spooled?.jobs).toBeGreaterThanOrEqual(ids.length);
    await waitUntil(() => broker.spooled?.jobs === 0, 'the spool to be empty');
    const stored = (await queue.getWaiting()).map(({ id }) => String(id));
    for (const id of ids) expect(stored).toContain(id);
    expect(new Set(stored).size).toBe(stored.length);
    expect(numbersOf(await queue.getWaiting(0, -1)).length).toBeGreaterThanOrEqual(ids.length);
  });

  it('adds a job once although it was killed before it noted that Redis has it, and the job is done and forgotten', async () => {
    const { broker, queue } = await stage.spooling();
    await broker.addOnce(queue, ordinary(1));
    const file = join(stage.directory, 'spool-1.db');
    const parts = ['', '-wal'].map((part) => [file + part, readFileSync(file + part)] as const);
    stage.proxy.heal();
    await waitUntil(() => broker.spooled?.jobs === 0, 'the spool to be empty');
    const { seen } = await workOn(broker, queue);
    await waitUntil(() => numbersOf(seen).includes(1), 'the run');
    await waitUntil(async () => (await queue.getCompletedCount()) > 1, 'the end');
    await queue.clean(0, 'completed');
    await broker.close();
    for (const [path, bytes] of parts) writeFileSync(path, bytes);
    const again = stage.open();
    expect(again.broker.spooled?.jobs).toBeGreaterThan(0);
    await waitUntil(() => again.broker.spooled?.jobs === 0, 'the spool to be empty again');
    expect(await waiting(again.queue)).toEqual([]);
  });

  it('puts a damaged file aside and says so, and survives a torn tail', async () => {
    const first = await stage.spooling();
    await first.broker.addOnce(first.queue, ordinary(1));
    const file = join(stage.directory, 'spool-1.db');
    const wal = readFileSync(`${file}-wal`);
    const main = readFileSync(file);
    await first.broker.close();
    // Power went while the next job was written.
    writeFileSync(file, main);
    writeFileSync(`${file}-wal`, Buffer.concat([wal, wal.subarray(32, 2_000)]));
    const second = stage.open();
    expect(second.broker.spooled?.jobs).toBeGreaterThan(0);
    await second.broker.close();
    writeFileSync(file, Buffer.alloc(8_192, 'x'));
    rmSync(`${file}-wal`, { force: true });
    const third = stage.open();
    expect(third.broker.spooled?.jobs).toBe(0);
    expect(stage.behind.problems.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/is damaged and was put aside as/),
    );
    expect(readdirSync(stage.directory).some((name) => name.includes('.damaged-'))).toBe(true);
  });
});
