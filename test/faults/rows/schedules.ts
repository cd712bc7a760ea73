import Bull from 'bull';
import type { FaultBench } from '../checker/fault-bench.js';
import type { FaultRecord } from '../checker/fault-record.js';
import { MOMENTS } from '../process/dying-schedules.js';
import { FAULT_PREFIX, FAULT_QUEUE, keyOfRun } from '../process/fault-queue.js';
import { waitUntil } from '../../support/wait-until.js';
import { FAST_LOCK } from './fault.js';
import type { Fault } from './fault.js';

const EVERY_MS = 200;
/** The runs that were cut short are to begin again among the others, not behind the last of them. */
const LIMIT = 25;
const KEY = 'q-scheduled';
/** How long the worker that lives has something else to do, while the others get the runs, and die. */
const BUSY_MS = 2_000;

/** Workers die around the runs of a schedule. */
const dyingAround: Fault = {
  name: 'kill -9 of workers while runs of a schedule are taken, and the next ones planned',
  options: { lock: FAST_LOCK, maxCrashes: 10 },
  mayFinishTwice: MOMENTS.length,
  mayBlame: MOMENTS.length,
  run: async (bench) => {
    const workers = await Promise.all([...MOMENTS, 'lives'].map(() => bench.worker(1)));
    await occupy(bench, { sleepMs: BUSY_MS });
    for (const dies of MOMENTS) await occupy(bench, { sleepMs: 300, dies });
    await addSchedule(bench);
    const isDead = (): boolean => workers.filter(({ signalCode }) => signalCode !== null).length > 0;
    await waitUntil(isDead, 'a worker to die');
    const diedAt = Date.now();
    const left = async (): Promise<number> => bench.client.zcard(`${FAULT_PREFIX}:${FAULT_QUEUE}:repeat`);
    await waitUntil(async () => (await left()) === 0, 'the schedule to reach its limit');
    await bench.settled();
    checkRuns(bench.read());
    return (Date.now() - diedAt) / 1_000;
  },
};

/** Gives the one handler of a worker something to do. */
async function occupy(bench: FaultBench, job: Parameters<FaultBench['produce']>[1]): Promise<void> {
  const [key = ''] = await bench.produce(1, job, { mode: 'plain' });
  await waitUntil(() => bench.read().started.has(key), 'a worker to be busy');
}

async function addSchedule({ redis }: FaultBench): Promise<void> {
  const producer = new Bull(FAULT_QUEUE, { prefix: FAULT_PREFIX, redis: { port: redis.port } });
  const repeat = { every: EVERY_MS, limit: LIMIT };
  await producer.add('quick', { key: KEY, sleepMs: 0 }, { repeat });
  await producer.close();
}

/** @throws Error when there are more or fewer runs than the limit says, or a due time was left out that no run was late for */
function checkRuns(record: FaultRecord): void {
  const ended = record.lines.filter(({ what }) => what === 'done' || what === 'overtime');
  const runs = new Map<number, number>();
  for (const [i, { key }] of ended.entries()) {
    const dueAt = Number(key.split('@')[1]);
    if (key === keyOfRun(KEY, dueAt) && !runs.has(dueAt)) runs.set(dueAt, record.doneTimes[i] ?? 0);
  }
  if (runs.size !== LIMIT)
    throw new Error(`The schedule ran at ${runs.size} times, and its limit is ${LIMIT}.`);
  const times = [...runs].sort(([a], [b]) => a - b);
  for (const [i, [dueAt]] of times.slice(1).entries()) {
    const [before, doneAt] = times[i] ?? [0, 0];
    if (dueAt > Math.max(before, doneAt) + EVERY_MS) {
      throw new Error(`The schedule left out ${dueAt - before - EVERY_MS} ms of its times.`);
    }
  }
}

/** Schedules and their workers. */
export const SCHEDULES: readonly Fault[] = [dyingAround];
