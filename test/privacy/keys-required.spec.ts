import { randomBytes } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { EnvironmentKeyProvider } from '../../src/message-queue/adapters/environment-keys/index.js';
import { socketIoAdapters } from '../../src/message-queue/adapters/socket-io/index.js';
import type { SocketIoTransportOptions } from '../../src/message-queue/adapters/socket-io/index.js';
import { MessageQueueModule, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { KeyProvider } from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';

const KEY = randomBytes(32).toString('base64');
const ring = (keys: string): MessageQueueModuleOptions['adapters'] => [
  { provide: KeyProvider, useFactory: () => new EnvironmentKeyProvider({ keys }) },
];

describe('An app whose jobs are sealed', () => {
  let redis: TestRedis;
  const apps = new HostApps();
  const before = process.env['NODE_ENV'];

  beforeAll(async () => {
    redis = await TestRedis.start(['--appendonly', 'yes']);
  });
  afterEach(async () => {
    process.env['NODE_ENV'] = before;
    await apps.close();
  });
  afterAll(() => redis.stop());

  function start(environment: string, options: MessageQueueModuleOptions): Promise<INestApplication> {
    if (environment === '') delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = environment;
    const { provider = 'redis' } = options;
    const place = provider === 'redis' ? { redis: { url: redis.url } } : {};
    return apps.start({
      imports: [MessageQueueModule.forRoot({ provider, acceptInMemory: true, ...place, ...options })],
    });
  }

  it.each<[string, 'redis' | 'memory', MessageQueueModuleOptions['role']]>([
    ['production', 'redis', 'both'],
    ['production', 'memory', 'both'],
    ['staging', 'redis', 'worker'],
    ['Production', 'redis', 'producer'],
    ['prod', 'memory', 'both'],
    ['', 'redis', 'both'],
  ])('is refused without keys: NODE_ENV "%s" on %s as %s', async (environment, provider, role) => {
    await expect(start(environment, { provider, role })).rejects.toMatchObject({
      code: 'KEYS_REQUIRED',
      message: expect.stringMatching(/openssl rand -base64 32[\s\S]*KeyProvider/) as string,
    });
  });

  it.each<[string, MessageQueueModuleOptions]>([
    ['production', { builtInQueues: false }],
    ['staging', { builtInQueues: false, role: 'producer' }],
    ['development', { builtInQueues: false, provider: 'memory' }],
  ])(
    'is refused without keys for sockets of several processes alone: NODE_ENV "%s"',
    async (environment, options) => {
      const { port } = redis;
      const topology = { kind: 'single', host: '127.0.0.1', port } as const;
      const sockets = (over: SocketIoTransportOptions['redis']): MessageQueueModuleOptions => ({
        ...options,
        adapters: socketIoAdapters({ redis: over }),
      });
      const shared = sockets({ topology, db: 0, tls: false });
      await expect(start(environment, shared)).rejects.toMatchObject({
        code: 'KEYS_REQUIRED',
        message: expect.stringContaining('events for sockets of other processes') as string,
      });
      await expect(start(environment, { ...shared, privacy: { sealing: 'off' } })).resolves.toBeDefined();
      await expect(start(environment, sockets(null))).resolves.toBeDefined();
    },
  );

  it.each(['production', 'staging', ''])(
    'is refused the published key: NODE_ENV "%s"',
    async (environment) => {
      for (const keys of [
        `development:${KEY}`,
        `k-1:${KEY},development:${randomBytes(32).toString('base64')}`,
      ]) {
        await expect(start(environment, { adapters: ring(keys) })).rejects.toMatchObject({
          code: 'KEYS_REQUIRED',
        });
      }
    },
  );

  it.each<[string, string, MessageQueueModuleOptions]>([
    ['keys of its own', 'production', { adapters: ring(`k-1:${KEY}`) }],
    ['sealing turned off', 'staging', { privacy: { sealing: 'off' } }],
    ['no sealed queue', 'production', { builtInQueues: false }],
    ['a developer', 'development', {}],
    ['nobody to share memory with', '', { provider: 'memory' }],
  ])('starts with %s: NODE_ENV "%s"', async (_what, environment, options) => {
    await expect(start(environment, options)).resolves.toBeDefined();
  });

  const ringOf = (count: number): string =>
    Array.from({ length: count }, (_, n) => `k-${count - n}:${randomBytes(32).toString('base64')}`).join(',');

  it.each(['redis', 'memory'] as const)(
    'is refused more than four ring keys, and told which and how to drop them: on %s',
    async (provider) => {
      await expect(start('production', { provider, adapters: ring(ringOf(5)) })).rejects.toMatchObject({
        code: 'INVALID_CONFIGURATION',
        message: expect.stringMatching(
          /has 5 keys \("k-5", "k-4", "k-3", "k-2", "k-1"\), and may have 4.*rewrapKeys\(\).*reseal\(queue\)/,
        ) as string,
      });
      await expect(start('production', { provider, adapters: ring(ringOf(4)) })).resolves.toBeDefined();
    },
  );

  it('may have any number of ring keys where nothing is sealed', async () => {
    const options: MessageQueueModuleOptions = { adapters: ring(ringOf(9)), privacy: { sealing: 'off' } };
    await expect(start('production', options)).resolves.toBeDefined();
  });

  it('rejects adds while its key provider fails, stores nothing, and takes the same call afterwards', async () => {
    let isAway = true;
    const provider = new EnvironmentKeyProvider({ keys: `k-1:${KEY}` });
    const current = provider.current.bind(provider);
    provider.current = () => (isAway ? Promise.reject(new Error('The KMS is away.')) : current());
    const adapters = [{ provide: KeyProvider, useValue: provider }];
    const app = await start('production', { adapters, autoStart: false });
    const service = app.get(MessageQueueService);
    const add = (): Promise<unknown> =>
      service.addCleanupJob({ cleanupType: 'old_messages', retentionDays: 1, createdAt: new Date() });
    await expect(add()).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    const { stats } = await service.getQueueHealth(QueueName.MESSAGE_CLEANUP);
    expect(stats?.waiting).toBe(0);
    isAway = false;
    await expect(add()).resolves.toMatchObject({ queue: QueueName.MESSAGE_CLEANUP });
  });
});
