import { redisStage } from '../../../test/support/redis-stage.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import type { Redis } from 'ioredis';
import { createRedisClient } from './redis-client.js';

describe('a client of Redis', () => {
  const stage = redisStage();

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
});
