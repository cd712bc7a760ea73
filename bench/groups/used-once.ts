import { setTimeout as pass } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { showProgress } from '../bench-server.js';
import { GroupHost } from './group-host.js';

const STEP = 10_000;
/** For as long Redis remembers ids that are gone, seconds; what is left behind is looked at afterwards. */
const REMEMBERED_S = 31;

async function usedMemory(client: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
}

async function namesOf(client: Redis): Promise<string[]> {
  const names: string[] = [];
  for await (const found of client.scanStream({ count: 1_000 })) names.push(...(found as string[]));
  return names;
}

/**
 * What is left of keys that were used once each, one job per key.
 * @returns a line: keys of Redis and bytes of its memory after the first step and after the last
 */
export async function usedOnce(keys: number, port: number, client: Redis): Promise<string> {
  const host = await GroupHost.open(port, 'once', { key: {} });
  const left = async (): Promise<{
    readonly groups: number;
    readonly names: number;
    readonly bytes: number;
  }> => {
    await pass(REMEMBERED_S * 1_000);
    const names = await namesOf(client);
    const groups = names.filter((name) => name.includes(':mq:g:')).length;
    return { groups, names: names.length, bytes: await usedMemory(client) };
  };
  await host.play(STEP, (n) => ({ key: `first-${n}` }));
  const first = await left();
  for (let used = STEP; used < keys; used += STEP) {
    showProgress(`${used} of ${keys} keys used once`);
    await host.play(STEP, (n) => ({ key: `key-${used + n}` }));
  }
  const last = await left();
  await host.close();
  const tell = ({ groups, names, bytes }: typeof first): string =>
    `${groups} groups, ${names} keys of Redis, ${(bytes / 1024 / 1024).toFixed(2)} MiB`;
  return `keys used once: after ${STEP}: ${tell(first)} · after ${keys}: ${tell(last)}`;
}
