import { AsyncLocalStorage } from 'node:async_hooks';
import { TestRedisCluster } from '../../../test/support/redis-cluster.js';
import { redisStage } from '../../../test/support/redis-stage.js';
import { TcpProxy } from '../../../test/support/tcp-proxy.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import type { Cluster, Redis } from 'ioredis';
import { createRedisClient } from './redis-client.js';

describe('a client of Redis', () => {
  const stage = redisStage();

  it('is opened within a request, and hears nothing of it', async () => {
    const topology = { kind: 'single', host: '127.0.0.1', port: stage.redis.port } as const;
    const request = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const client = request.run('a request', () => {
      const opened = createRedisClient({ topology, db: 0, tls: false }, {}) as Redis;
      return opened.on('ready', () => seen.push(request.getStore()));
    });
    try {
      await request.run('another', () => client.set('key', 'value'));
      client.stream.destroy();
      await request.run('a third', () => client.get('key'));
      expect(seen).toEqual([undefined, undefined]);
    } finally {
      client.disconnect();
    }
  });

  it('outlives a second error of one socket, and connects again', async () => {
    const topology = { kind: 'single', host: '127.0.0.1', port: stage.redis.port } as const;
    const client = createRedisClient({ topology, db: 0, tls: false }, {}) as Redis;
    const heard: string[] = [];
    client.on('error', ({ message }: Error) => heard.push(message));
    try {
      await waitUntil(() => client.status === 'ready', 'the client to be ready');
      const { stream } = client;
      stream.destroy(new Error('write ECONNRESET'));
      await waitUntil(() => heard.length > 0, 'the first error');
      // As Node does for TLS: the alert of the server comes after the reset.
      expect(stream.emit('error', new Error('alert decode error'))).toBe(true);
      await waitUntil(() => client.status === 'ready' && client.stream !== stream, 'the client to be back');
      expect(heard).toEqual(['write ECONNRESET']);
    } finally {
      client.disconnect();
    }
  });

  it('answers what was asked before it was ready, though that connection broke', async () => {
    const proxy = await TcpProxy.start(stage.redis.port);
    proxy.swallowReplies();
    const topology = { kind: 'single', host: '127.0.0.1', port: proxy.port } as const;
    const client = createRedisClient({ topology, db: 0, tls: false }, {}) as Redis;
    client.on('error', () => undefined);
    try {
      await waitUntil(() => client.status === 'connect', 'the connection');
      // Redis answers them while it loads its data.
      const answers = [
        client.info('server'),
        client.time(),
        client.config('GET', 'maxmemory'),
        client.ping(),
        client.client('LIST'),
      ];
      await waitUntil(() => proxy.swallowed > 0, 'an answer to be lost');
      proxy.heal();
      proxy.cut();
      expect(await Promise.all(answers)).toEqual([
        expect.stringContaining('redis_version'),
        [expect.anything(), expect.anything()],
        ['maxmemory', '0'],
        'PONG',
        expect.stringContaining('cmd=client'),
      ]);
    } finally {
      client.disconnect();
      await proxy.stop();
    }
  });
});

describe('a client of a Cluster', () => {
  it('listens to what is asked for while its connection for subscriptions is introduced', async () => {
    const redis = await TestRedisCluster.start();
    const nodes = redis.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
    const client = createRedisClient(
      { topology: { kind: 'cluster', nodes }, db: 0, tls: false },
      {},
    ) as Cluster;
    try {
      await waitUntil(() => client.status === 'ready', 'the client to be ready');
      const connection = subscriberOf(client);
      const failures: Error[] = [];
      connection.on('error', (error: Error) => failures.push(error));
      const asked = new Promise((resolve) => {
        // Connected, and not asked yet whether it is ready: of one that listens already, Redis would refuse that question.
        connection.once('connect', () => resolve(client.psubscribe('second:*')));
      });
      expect(await client.subscribe('first')).toBe(1);
      expect(await asked).toBe(2);
      expect(failures).toEqual([]);
      expect(subscriberOf(client)).toBe(connection);
    } finally {
      client.disconnect();
      await redis.stop();
    }
  });
});

/** What a Cluster's client listens with. */
function subscriberOf(client: Cluster): Redis {
  return (client as unknown as { subscriber: { getInstance(): Redis } }).subscriber.getInstance();
}
