import { setTimeout as sleep } from 'node:timers/promises';
import type { Measurement } from '../measurement.js';
import { redisCounters } from '../process/redis-counters.js';
import { CAREFUL_HOST, ON_REDIS } from '../subjects.js';

const QUEUES = 6;
/** Longer than each contestant's slowest sweep of those that come every few seconds. */
const WATCHED_MS = 11_000;
/** Until the commands of the start are over. */
const SETTLING_MS = 1_000;

/** What a host costs while it has nothing to do. */
export const idleMeasurement: Measurement = {
  id: 'idle',
  title: 'idle, six queues with workers',
  // The careful host's workers idle as plain Bull's do.
  subjects: ON_REDIS.filter((subject) => subject !== CAREFUL_HOST),
  mostRounds: 1,
  warmUp: false,
  async trial(stage) {
    const { queues } = await stage.open({ queues: QUEUES });
    for (const queue of queues) await queue.work(() => undefined);
    await sleep(SETTLING_MS);
    const before = await redisCounters(stage.redis);
    const cpu = process.cpuUsage();
    const calls = stage.calls();
    await sleep(WATCHED_MS);
    const seconds = WATCHED_MS / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const after = await redisCounters(stage.redis);
    return [
      { row: 'Redis commands', unit: 'per second', value: (after.commands - before.commands) / seconds },
      { row: 'sent by the client', unit: 'per second', value: (stage.calls() - calls) / seconds },
      { row: 'CPU of Node per second', unit: 'µs', value: (user + system) / seconds },
      { row: 'CPU of Redis per second', unit: 'µs', value: (after.cpuMicros - before.cpuMicros) / seconds },
    ];
  },
};
