import type { Redis } from 'ioredis';
import { BrokerFixture } from './redis-broker-fixture.js';
import { TestRedis } from './redis-server.js';

/** What the tests of a file stand on. */
export interface RedisStage {
  /** The server of the file. */
  readonly redis: TestRedis;
  /** A connection to it that no broker knows; opened on first use. */
  readonly client: Redis;
  /** Brokers of the running test, under a prefix of its own. */
  readonly fixture: BrokerFixture;
}

/** How a stage is set. */
export interface RedisStageOptions {
  /** Brokers may report problems: the tests are about them. Default: a problem fails its test. */
  readonly withProblems?: boolean;
}

/** Sets the stage for the tests of a `describe`: starts and stops the server, makes and closes the brokers. */
export function redisStage({ withProblems = false }: RedisStageOptions = {}): RedisStage {
  let redis: TestRedis;
  let client: Redis | undefined;
  let fixture: BrokerFixture;

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  beforeEach(() => {
    fixture = new BrokerFixture(redis);
  });
  afterEach(async () => {
    await fixture.close();
    if (!withProblems) expect(fixture.problems).toEqual([]);
  });
  afterAll(async () => {
    client?.disconnect();
    await redis.stop();
  });

  return {
    get redis() {
      return redis;
    },
    get client() {
      return (client ??= redis.client());
    },
    get fixture() {
      return fixture;
    },
  };
}
