import type { Queue } from 'bull';
import { testQueue, BrokerFixture, workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { TestRedis } from '../../../../../test/support/redis-server.js';
import { TcpProxy } from '../../../../../test/support/tcp-proxy.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import type { StoreLoss } from '../../store-loss.js';
import type { RedisBroker } from '../redis-broker.js';
import type { BrokerProblem } from '../redis-broker.options.js';

/** One process of a fleet, as far as its broker goes. */
interface Process {
  readonly broker: RedisBroker;
  readonly queue: Queue;
  readonly problems: BrokerProblem[];
  readonly heard: StoreLoss[];
}

describe('what Redis has lost', () => {
  const servers: TestRedis[] = [];
  let proxy: TcpProxy;
  let fixture: BrokerFixture;
  let fleet: Process[];

  const start = async (...settings: string[]): Promise<TestRedis> => {
    const server = await TestRedis.start(settings);
    servers.push(server);
    return server;
  };

  /** A process that reaches Redis by its name. */
  const join = async (over: { readonly prefix?: string } = {}): Promise<Process> => {
    const problems: BrokerProblem[] = [];
    const heard: StoreLoss[] = [];
    const broker = fixture.broker({ onProblem: (problem) => problems.push(problem), ...over });
    broker.onLoss((loss) => heard.push(loss));
    const queue = broker.createQueue(testQueue());
    expect((await broker.inspectServer()).loss).toBeUndefined();
    return { broker, queue, problems, heard };
  };

  /** What the fleet said of losses, over all processes. */
  const alerts = (): string[] =>
    fleet.flatMap(({ problems }) =>
      problems.filter(({ kind }) => kind === 'loss').map(({ message }) => message),
    );

  const record = (): string => `${fixture.prefix}:mq-epoch`;

  async function expectLoss(kind: StoreLoss['kind']): Promise<void> {
    await waitUntil(() => fleet.every(({ heard }) => heard.length > 0), 'every process to hear of it');
    for (const { broker, heard } of fleet) {
      expect(heard.map((loss) => loss.kind)).toEqual([kind]);
      expect((await broker.inspectServer()).loss).toMatchObject({ kind });
    }
    expect(alerts()).toHaveLength(1);
    const late = fixture.broker();
    late.createQueue(testQueue());
    expect((await late.inspectServer()).loss).toMatchObject({ kind });
  }

  beforeEach(async () => {
    const server = await start();
    proxy = await TcpProxy.start(server.port);
    fixture = new BrokerFixture({ port: proxy.port });
    fleet = [await join(), await join(), await join()];
  });
  afterEach(async () => {
    await fixture.close();
    await proxy.stop();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  it('is noticed when it is emptied under load: one alert, everybody knows, and work goes on', async () => {
    const [worker, other, producer] = fleet as [Process, Process, Process];
    const { seen } = await workOn(worker.broker, worker.queue);
    await workOn(other.broker, other.queue);
    let isOn = true;
    const load = (async () => {
      for (let n = 0; isOn; n++) {
        await producer.broker
          .addOnce(producer.queue, { name: 'job', data: { n }, options: {} })
          .catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    await waitUntil(() => seen.length > 20, 'some jobs');
    const admin = servers[0]?.client();
    await admin?.flushall();
    await admin?.script('FLUSH');
    admin?.disconnect();
    await waitUntil(
      () => worker.heard.length > 0 && other.heard.length > 0,
      'the workers to notice by themselves',
    );
    await producer.broker.inspectServer();
    const before = seen.length;
    await waitUntil(() => seen.length > before + 20, 'jobs to run on');
    isOn = false;
    await load;
    await expectLoss('emptied');
    expect(alerts()[0]).toMatch(/emptied while it ran.*idempotency.*acknowledgeLoss/);
    expect(await producer.broker.acknowledgeLoss()).toBe(true);
    for (const { broker } of fleet) expect((await broker.inspectServer()).loss).toBeUndefined();
    expect(await producer.broker.acknowledgeLoss()).toBe(false);
    expect(alerts()).toHaveLength(1);
  });

  it('is noticed when it comes back without its files', async () => {
    await servers[0]?.kill();
    await servers[0]?.spawn();
    await expectLoss('came-back-empty');
  });

  it('is noticed when an empty server takes its place', async () => {
    proxy.moveTo((await start()).port);
    await expectLoss('came-back-empty');
  });

  it('is noticed when the store of others takes its place', async () => {
    const others = await start();
    const theirs = new BrokerFixture(others);
    const broker = theirs.broker({ prefix: fixture.prefix });
    broker.createQueue(testQueue());
    await broker.inspectServer();
    proxy.moveTo(others.port);
    await expectLoss('another');
    await theirs.close();
  });

  it('is noticed when a replica that had stopped replicating is promoted, and not when one that had all is', async () => {
    const [master] = servers as [TestRedis];
    const [current, behind] = [
      await start('--replicaof', '127.0.0.1', String(master.port)),
      await start('--replicaof', '127.0.0.1', String(master.port)),
    ];
    const replicas = [current.client(), behind.client()] as const;
    for (const replica of replicas) await waitUntil(() => replica.exists(record()), 'the replica to have it');
    await replicas[1].call('REPLICAOF', 'NO', 'ONE');
    // As it does by itself every ten seconds.
    const admin = master.client();
    const grown = await admin.hincrby(record(), 'count', 1);
    await waitUntil(
      async () => Number(await replicas[0].hget(record(), 'count')) >= grown,
      'the other one to follow',
    );
    for (const { broker } of fleet) await broker.inspectServer();

    await replicas[0].call('REPLICAOF', 'NO', 'ONE');
    await master.kill();
    proxy.moveTo(current.port);
    for (const { broker } of fleet) {
      const report = await waitUntil(async () => {
        const { reachable, loss } = await broker.inspectServer();
        return reachable ? { loss } : null;
      }, 'the new master');
      expect(report.loss).toBeUndefined();
    }
    expect(alerts()).toEqual([]);
    proxy.moveTo(behind.port);
    await expectLoss('older');
    for (const client of [...replicas, admin]) client.disconnect();
  });

  it('is one loss for those who were away for it', async () => {
    const [first, second] = fleet as [Process, Process, Process];
    const admin = servers[0]?.client();
    await admin?.flushall();
    await first.broker.inspectServer();
    await first.broker.acknowledgeLoss();
    await admin?.flushall();
    await first.broker.inspectServer();
    await first.broker.acknowledgeLoss();
    await second.broker.inspectServer();
    expect([alerts().length, second.heard.length]).toEqual([2, 0]);
    admin?.disconnect();
  });

  it('is told for an hour', async () => {
    const [first] = fleet as [Process, Process, Process];
    const admin = servers[0]?.client();
    await admin?.flushall();
    expect((await first.broker.inspectServer()).loss).toMatchObject({ kind: 'emptied' });
    await admin?.hset(record(), 'lossAt', Date.now() - 61 * 60_000);
    expect((await first.broker.inspectServer()).loss).toBeUndefined();
    admin?.disconnect();
  });
});
