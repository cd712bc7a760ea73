import type { Redis } from 'ioredis';

/** Every key of a Redis with its value, as text. */
export async function keysOf(client: Redis): Promise<string[]> {
  const keys = new Set<string>();
  for await (const page of client.scanStream() as AsyncIterable<string[]>)
    for (const key of page) keys.add(key);
  const values = [...keys].map(async (key) => {
    const type = await client.type(key);
    if (type === 'hash') return [key, Object.entries(await client.hgetall(key)).sort()];
    if (type === 'list') return [key, await client.lrange(key, 0, -1)];
    if (type === 'set') return [key, await client.smembers(key)];
    if (type === 'zset') return [key, await client.zrange(key, 0, -1, 'WITHSCORES')];
    if (type === 'stream') return [key, await client.xrange(key, '-', '+')];
    return [key, await client.get(key)];
  });
  return (await Promise.all(values)).map((value) => JSON.stringify(value)).sort();
}
