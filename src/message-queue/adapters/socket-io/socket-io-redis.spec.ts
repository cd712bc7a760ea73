import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { HostApps } from '../../../../test/support/host-app.js';
import { freePort, TestRedis } from '../../../../test/support/redis-server.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { SocketIoRedisLink } from './socket-io-redis.js';

const ENOUGH_ATTEMPTS = 10;

describe('the Redis between the sockets of several processes', () => {
  const logger = new HostApps().logger;
  const links: SocketIoRedisLink[] = [];
  let redis: TestRedis;
  let client: Redis;

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = redis.client();
    await client.config('SET', 'requirepass', 'right');
  });
  beforeEach(() => {
    logger.lines.length = 0;
    Logger.overrideLogger(logger);
  });
  afterEach(() => {
    for (const link of links.splice(0)) link.close();
    Logger.overrideLogger(undefined as never);
  });
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });

  function open(port: number, password?: string): SocketIoRedisLink {
    const topology = { kind: 'single', host: '127.0.0.1', port } as const;
    const link = new SocketIoRedisLink(
      { topology, db: 0, tls: false, password },
      'test',
      null,
      () => undefined,
    );
    links.push(link);
    return link;
  }

  async function connections(): Promise<number> {
    return Number(/total_connections_received:(\d+)/.exec(await client.info('stats'))?.[1]);
  }

  it('refuses a wrong password: said once with what to do, and summed up, however often it is tried', async () => {
    const before = await connections();
    const link = open(redis.port, 'wrong');
    await waitUntil(async () => (await connections()) - before >= ENOUGH_ATTEMPTS, 'further attempts');
    expect(logger.lines).toEqual([
      expect.stringMatching(
        /Redis refuses the connection: WRONGPASS .*Set REDIS_USERNAME and REDIS_PASSWORD/,
      ),
    ]);
    link.close();
    expect(logger.lines[1]).toMatch(/WRONGPASS.* \d+ times more within \d+ s\.$/);
    expect(logger.lines).toHaveLength(2);
  });

  it('does not answer: said in other words', async () => {
    open(await freePort());
    const says = /Redis does not answer: .*ECONNREFUSED.*\.$/;
    await waitUntil(() => logger.lines.some((line) => says.test(line)), 'the first attempt');
  });
});
