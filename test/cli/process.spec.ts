import { once } from 'node:events';
import { batch, announcement } from '../support/activity-batches.js';
import { CliStage } from '../support/cli-stage.js';
import { BrokerFixture } from '../support/redis-broker-fixture.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

describe('the command line as a process', () => {
  let redis: TestRedis;
  let fixture: BrokerFixture;
  let cli: CliStage;

  beforeAll(async () => {
    redis = await TestRedis.start(['--appendonly', 'yes']);
    fixture = new BrokerFixture(redis);
    const announced = Array.from({ length: 300 }, (_, i) => announcement(`queue-${i}`));
    await fixture.broker().activity.flush(batch('a', 1, { announced }));
    cli = new CliStage({ REDIS_URL: redis.url, QUEUE_PREFIX: fixture.prefix });
  });
  afterAll(async () => {
    await fixture.close();
    await redis.stop();
  });

  function started(args: readonly string[]) {
    const child = cli.spawn(args);
    const heard = { out: '', err: '' };
    child.stdout.on('data', (data: Buffer) => (heard.out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (heard.err += data.toString()));
    const ended = once(child, 'close').then(([code]) => code as number);
    return { child, heard, ended };
  }

  it('answers and ends', async () => {
    const { heard, ended } = started(['stats', '--json']);
    expect([await ended, heard.err]).toEqual([0, '']);
    expect((JSON.parse(heard.out) as { queues: object[] }).queues).toHaveLength(300);
  });

  it('watches until Ctrl-C', async () => {
    const { child, heard, ended } = started(['stats', '--watch', '1', '--json']);
    await waitUntil(() => heard.out.trim().split('\n').length >= 2, 'two looks');
    child.kill('SIGINT');
    expect([await ended, heard.err]).toEqual([130, '']);
  });

  it('ends in peace when nobody reads on', async () => {
    const { child, heard, ended } = started(['stats', '--watch', '1', '--json']);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect([await ended, heard.err]).toEqual([0, '']);
  });

  it('says in one line that Redis is not there', async () => {
    const { heard, ended } = started(['dead-letters', 'groups', '--url', 'redis://127.0.0.1:1']);
    expect([await ended, heard.out]).toEqual([1, '']);
    expect(heard.err).toMatch(/^error: Redis cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:1\..*\n$/);
  });
});
