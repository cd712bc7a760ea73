import { Redis } from 'ioredis';
import type { ChatMessage } from '../chat-message.js';
import type { BenchQueue, Subject } from '../subject.js';
import { countCalls } from './count-calls.js';

/** The least that stores a job: its hash, and its place in a list. */
const STORE = `redis.call('HSET', KEYS[1] .. ARGV[1], 'data', ARGV[2])
redis.call('LPUSH', KEYS[1] .. 'wait', ARGV[1])
return 1`;

type Client = Redis & { store(key: string, id: string, data: string): Promise<unknown> };

function benchQueue(client: Client, name: string): BenchQueue {
  const add = (message: ChatMessage): Promise<unknown> =>
    client.store(`${name}:`, message.messageId, JSON.stringify(message));
  return {
    add,
    addBulk: (messages) => Promise.all(messages.map(add)),
    work: () => Promise.reject(new Error('Nobody works off what one call stores.')),
  };
}

/** No queue, but what each of them needs at least: one call of a script, made with the client that Bull and we use. */
export const oneCall: Subject = {
  calls: countCalls(Redis.prototype, 'sendCommand'),
  open: async ({ redisPort, queueNames: [first, ...others] }) => {
    const client = new Redis({ port: redisPort }) as Client;
    client.defineCommand('store', { numberOfKeys: 1, lua: STORE });
    await client.ping();
    return {
      queues: [benchQueue(client, first), ...others.map((name) => benchQueue(client, name))],
      metrics: () => client.dbsize(),
      close: async () => client.disconnect(),
    };
  },
};
