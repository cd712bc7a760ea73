import { Redis } from 'ioredis';
import { RedisBroker } from '../src/message-queue/broker/redis/redis-broker.js';
import { addBacklog, ALL_LEVELS, takeBacklog } from '../test/support/lane-backlog.js';
import { testQueue } from '../test/support/redis-broker-fixture.js';
import { BenchServer, showProgress } from './bench-server.js';
import { median } from './statistics.js';

const ROUNDS = 9;
const ADDS = 300;
const BACKLOGS = [0, 10_000, 100_000, 1_000_000] as const;

/**
 * What an add of each level costs Redis, in microseconds of its one thread, when so many jobs of all levels wait; then all
 * of them are taken, which fails unless each comes once and in its place. Argument: the longest backlog, default 1 000 000.
 */
async function main(): Promise<void> {
  const most = Number(process.argv[2] ?? 1_000_000);
  const server = await BenchServer.start();
  const client = new Redis(server.port);
  const broker = new RedisBroker({
    redis: { topology: { kind: 'single', host: '127.0.0.1', port: server.port }, db: 0, tls: false },
    prefix: 'lanes',
    enqueueTimeoutMs: 60_000,
  });
  const queue = broker.createQueue(testQueue('work', { maxWaiting: 2_000_000 }));

  const microseconds = async (level: number): Promise<number> => {
    await client.config('RESETSTAT');
    const ids = Array.from({ length: ADDS }, (_, i) => `m-${i}`);
    for (const jobId of ids) {
      await broker.addOnce(queue, { name: 'job', data: { n: 1 }, options: { jobId, priority: level } });
    }
    const stats = await client.info('commandstats');
    for (const id of ids) {
      // From the left end, where it was put: the walk of a removal would be measured by nobody.
      await client.lrem(level === 6 ? queue.toKey('wait') : queue.toKey(`mq:lane:${level}`), 1, id);
    }
    await client.del(...ids.map((id) => queue.toKey(id)));
    if (level !== 6) await client.decrby(queue.toKey('mq:waiting'), ADDS);
    return Number(/cmdstat_evalsha:.*usec_per_call=([\d.]+)/.exec(stats)?.[1]);
  };

  const lines: string[] = [];
  let waiting = 0;
  for (const backlog of BACKLOGS.filter((size) => size <= most)) {
    showProgress(`adding ${backlog} jobs`);
    await addBacklog(broker, queue, waiting, backlog);
    waiting = backlog;
    const rounds: number[][] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const row: number[] = [];
      for (const level of ALL_LEVELS) row.push(await microseconds(level));
      // The first round warms up.
      if (round > 0) rounds.push(row);
    }
    const medians = ALL_LEVELS.map((_, i) => median(rounds.map((row) => row[i] ?? 0)).toFixed(1));
    lines.push(`| ${backlog} | ${medians.join(' | ')} |`);
  }
  showProgress('taking all');
  const startedAt = performance.now();
  const taken = await takeBacklog(client, queue.toKey(''));
  const seconds = (performance.now() - startedAt) / 1_000;
  if (taken !== waiting) throw new Error(`${taken} of ${waiting} jobs came.`);
  process.stdout.write(
    [
      `µs of Redis per add, median of ${ROUNDS} rounds of ${ADDS}`,
      `| waiting | ${ALL_LEVELS.map((level) => `level ${level}`).join(' | ')} |`,
      `|---|${ALL_LEVELS.map(() => '---').join('|')}|`,
      ...lines,
      `${taken} jobs of ten levels taken in exact order, none lost and none twice, in ${seconds.toFixed(1)} s`,
      '',
    ].join('\n'),
  );
  await broker.close();
  client.disconnect();
  await server.stop();
}

void main();
