import { SocketIoTransport } from '../../src/message-queue/adapters/socket-io/index.js';
import type { SocketIoRedis } from '../../src/message-queue/adapters/socket-io/index.js';
import type { TransportMessage } from '../../src/message-queue/ports/messages/message-transport.js';
import { TestRedisCluster } from '../support/redis-cluster.js';
import { TestRedisSentinel } from '../support/redis-sentinel.js';
import { TestRedis } from '../support/redis-server.js';
import { selfSignedCertificate } from '../support/self-signed-certificate.js';
import { SocketWebServer } from '../support/socket-web-server.js';
import { waitUntil } from '../support/wait-until.js';

const never = new AbortController().signal;

function message(messageId: string): TransportMessage {
  const fields = { messageId, senderId: 'ada', recipientId: 'grace', conversationId: 'c1', content: 'Hello' };
  return { ...fields, encrypted: false, attachments: [], createdAt: new Date() };
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Two web servers, and a worker that has none. */
function processes(topology: SocketIoRedis['topology'], tls: SocketIoRedis['tls'] = false) {
  const options = { redis: { topology, db: 0, tls }, ackTimeoutMs: 1_000 };
  const web = [new SocketWebServer(options), new SocketWebServer(options)] as const;
  const worker = new SocketIoTransport(options);
  ends.push(() => worker.onApplicationShutdown(), ...web.map((server) => () => server.close()));
  return { web, worker };
}

async function expectFullReach(
  topology: SocketIoRedis['topology'],
  tls?: SocketIoRedis['tls'],
): Promise<void> {
  const { web, worker } = processes(topology, tls);
  const devices = [await web[0].connect('grace'), await web[1].connect('grace')];
  await web[1].connect('ada');
  expect(await worker.deliver(message('m1'), never)).toEqual({ outcome: 'sent', reached: 2 });
  expect(devices.map(({ got }) => got.length)).toEqual([1, 1]);
  expect(await web[0].transport.deliver(message('m2'), never)).toEqual({ outcome: 'sent', reached: 2 });
  expect(await worker.deliver({ ...message('m3'), recipientId: 'nobody' }, never)).toMatchObject({
    outcome: 'offline',
  });
}

async function expectReachAfter(
  { web, worker }: ReturnType<typeof processes>,
  break_: () => Promise<void>,
): Promise<void> {
  const { got } = await web[1].connect('grace');
  expect(await worker.deliver(message('before'), never)).toMatchObject({ outcome: 'sent' });
  let restored = 0;
  web[1].transport.onSubscribed(() => (restored += 1));
  await break_();
  await waitUntil(() => restored > 0, 'the subscription to be restored');
  await waitUntil(
    () =>
      worker.deliver(message('after'), never).then(
        ({ outcome }) => outcome === 'sent',
        () => false,
      ),
    'a delivery afterwards',
  );
  expect(got.map(({ messageId }) => messageId)).toContain('after');
}

describe('SocketIoTransport over a Redis Cluster', () => {
  let cluster: TestRedisCluster;
  beforeAll(async () => {
    cluster = await TestRedisCluster.start();
  });
  afterAll(() => cluster.stop());

  it('reaches the sockets of every web server from a worker', () =>
    expectFullReach({ kind: 'cluster', nodes: cluster.nodes }));

  it('moves to another node when its own dies, and says so', async () => {
    const [first] = cluster.servers;
    const all = processes({ kind: 'cluster', nodes: cluster.nodes });
    await expectReachAfter(all, async () => first?.kill());
    await first?.spawn();
  });
});

describe('SocketIoTransport over Redis Sentinel', () => {
  let sentinel: TestRedisSentinel;
  beforeAll(async () => {
    sentinel = await TestRedisSentinel.start();
  });
  afterAll(() => sentinel.stop());

  it('reaches the sockets of every web server from a worker, after a failover too', async () => {
    const { sentinels, masterName } = sentinel;
    const topology = { kind: 'sentinel', sentinels, masterName } as const;
    await expectFullReach(topology);
    await expectReachAfter(processes(topology), async () => {
      await sentinel.master.kill();
      await sentinel.failedOver();
    });
  });
});

describe('SocketIoTransport over TLS', () => {
  const certificate = selfSignedCertificate('localhost');
  const tls = { ca: certificate.cert };

  it("reaches the sockets of every web server with an authority and a certificate of one's own", async () => {
    const redis = await TestRedis.start(['--tls-auth-clients', 'yes'], certificate);
    ends.push(() => redis.stop());
    await expectFullReach(
      { kind: 'single', host: '127.0.0.1', port: redis.port },
      { ...tls, ...certificate },
    );
  });

  it('reaches them through Sentinels', async () => {
    const sentinel = await TestRedisSentinel.start(certificate);
    ends.push(() => sentinel.stop());
    const { sentinels, masterName } = sentinel;
    await expectFullReach({ kind: 'sentinel', sentinels, masterName }, tls);
  });

  it('reaches them through a Cluster whose certificate is for names', async () => {
    const cluster = await TestRedisCluster.start(certificate);
    ends.push(() => cluster.stop());
    const nodes = cluster.nodes.map(({ port }) => ({ host: 'localhost', port }));
    await expectFullReach({ kind: 'cluster', nodes }, tls);
  });
});
