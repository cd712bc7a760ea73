import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { redisStage } from '../../../test/support/redis-stage.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { createRedisClient } from './redis-client.js';

/** A command as a client sends it: an array of texts. */
const COMMANDS = /\*\d+\r\n(?:\$\d+\r\n[^\r]*\r\n)+/g;

function reply(...texts: readonly string[]): string {
  return `*${texts.length}\r\n${texts.map((text) => `$${text.length}\r\n${text}\r\n`).join('')}`;
}

/** Names the same master always; asked while somebody listens to it, it announces a failover before it answers. */
async function announcingSentinel(masterPort: number) {
  const subscribers = new Set<Socket>();
  const address = reply('127.0.0.1', String(masterPort));
  let asked = 0;
  const answer = async (socket: Socket): Promise<void> => {
    asked += 1;
    const listening = [...subscribers];
    for (const subscriber of listening) {
      const master = `mymaster 127.0.0.1 1 127.0.0.1 ${masterPort}`;
      subscriber.write(reply('message', '+switch-master', master));
      await once(subscriber, 'close');
    }
    socket.write(address);
  };
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('close', () => subscribers.delete(socket));
    socket.setEncoding('utf8').on('data', (text: string) => {
      for (const [command] of text.matchAll(COMMANDS)) {
        if (/get-master-addr-by-name/.test(command)) void answer(socket);
        else if (/subscribe/i.test(command)) {
          subscribers.add(socket);
          socket.write('*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n');
        } else socket.write(/sentinels/.test(command) ? '*0\r\n' : '+OK\r\n');
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get asked() {
      return asked;
    },
    get listeners() {
      return subscribers.size;
    },
    close: () => server.close(),
  };
}

describe('a client that finds its master through Sentinels', () => {
  const stage = redisStage();

  it('survives a failover that is announced while it asks for the master, and sends what waits', async () => {
    const sentinel = await announcingSentinel(stage.redis.port);
    const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
    const topology = { kind: 'sentinel', masterName: 'mymaster', sentinels } as const;
    const client = createRedisClient(
      { topology, db: 0, tls: false },
      { maxRetriesPerRequest: null },
    ) as Redis;
    const heard: string[] = [];
    client.on('error', ({ message }: Error) => heard.push(message));
    try {
      await waitUntil(() => sentinel.listeners === 1, 'the client to listen to the Sentinel');
      const before = sentinel.asked;
      client.stream.destroy();
      const [stored] = await Promise.all([client.set('key', 'value'), once(client, 'ready')]);
      expect([stored, client.status, heard]).toEqual(['OK', 'ready', []]);
      expect(sentinel.asked).toBeGreaterThan(before);
    } finally {
      client.disconnect();
      sentinel.close();
    }
  });
});
