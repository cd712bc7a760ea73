import { once } from 'node:events';
import { testQueue, workOn, aborted, failed } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';

describe('listening to messages', () => {
  const stage = redisStage({ withProblems: true });
  const acl = (...rules: string[]): Promise<unknown> =>
    stage.client.call('ACL', 'SETUSER', 'default', ...rules);
  const cutAll = async (): Promise<void> => {
    for (const type of ['normal', 'pubsub']) await stage.client.client('KILL', 'TYPE', type);
  };
  afterEach(() => acl('allchannels', 'allkeys', '+@all', 'nopass'));

  const subscribed = async (channel: string): Promise<boolean> => {
    const [, count] = (await stage.client.pubsub('NUMSUB', channel)) as [string, number];
    return count > 0;
  };

  it.each([
    ['channels are taken away', ['resetchannels'], 'NOPERM'],
    ['a password is set and all connections are cut', ['resetpass', '>changed'], 'NOAUTH'],
  ])('tells that %s, and listens again once it may', async (_what, rules, reply) => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const { seen } = await workOn(broker, queue, async (taken) => {
      await aborted(taken);
      return failed(taken, null);
    });
    const heard: string[] = [];
    queue.on('global:failed', (id: string) => heard.push(id));
    const channel = `${stage.fixture.prefix}:work:mq:cancel`;
    await waitUntil(() => subscribed(channel), 'the worker to listen');

    await acl(...rules);
    await cutAll();
    const said = (): string[] => stage.fixture.problems.map(({ message }) => message);
    await waitUntil(() => said().some((message) => message.includes(reply)), 'the report');
    await acl('allchannels', 'nopass');
    await waitUntil(() => subscribed(channel), 'the worker to listen again');

    const add = () => broker.addOnce(queue, { name: 'job', data: {}, options: {} }).catch(() => null);
    const { id } = await waitUntil(add, 'the connection of adds to be back too');
    await waitUntil(() => seen.length === 1, 'the run');
    expect(await broker.cancel(queue, id, 'no more')).toBe('signalled');
    await waitUntil(() => heard.includes(id), 'the message of the end');
    expect(said().filter((message) => message.includes(reply))).toHaveLength(1);
  });

  it('hears the channels that it may hear', async () => {
    const { prefix } = stage.fixture;
    await acl('resetchannels', `&${prefix}:work:mq:*`);
    const broker = stage.fixture.broker();
    await workOn(broker, broker.createQueue(testQueue()));
    await waitUntil(() => subscribed(`${prefix}:work:mq:cancel`), 'the worker to listen to that one');
    expect(await subscribed(`${prefix}:work:delayed`)).toBe(false);
    const said = stage.fixture.problems.map(({ message }) => message);
    // Told once, whichever call is refused first: to listen, or to publish.
    expect(said[0]).toMatch(/^Redis refuses calls: (NOPERM|ERR The user).*ACL SETUSER/);
  });

  it('lets nobody wait who closes before Redis is there', async () => {
    const topology = { kind: 'single', host: '127.0.0.1', port: 1 } as const;
    const broker = stage.fixture.broker({ redis: { topology, db: 0, tls: false } });
    const queue = broker.createQueue(testQueue());
    queue.on('global:completed', () => undefined);
    const closed = once(queue, 'close');
    await broker.close();
    await closed;
  });
});
