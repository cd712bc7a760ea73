import type { Redis } from 'ioredis';

/** What a server has done since it started. */
export interface RedisCounters {
  /** Microseconds of CPU, all threads. */
  readonly cpuMicros: number;
  /** Commands, those inside scripts included; without those of the bench itself. */
  readonly commands: number;
}

/** Sent by the bench itself. */
const OWN_COMMANDS = new Set(['info', 'flushall']);

/** Reads the counters. */
export async function redisCounters(client: Redis): Promise<RedisCounters> {
  const [cpu, stats] = await Promise.all([client.info('cpu'), client.info('commandstats')]);
  const seconds = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(cpu)?.[1]);
  return {
    cpuMicros: (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6,
    commands: [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)]
      .filter(([, name = '']) => !OWN_COMMANDS.has(name))
      .reduce((total, [, , calls]) => total + Number(calls), 0),
  };
}

/** Bytes that the server uses for data and overhead. */
export async function redisMemory(client: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
}
