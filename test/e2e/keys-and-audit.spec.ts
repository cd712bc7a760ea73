import type { INestApplication } from '@nestjs/common';
import { InMemoryDataKeyStore, InMemoryMessages } from '../../src/message-queue/adapters/in-memory/index.js';
import { MessageQueueModule } from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { AuditChain, Privacy, QueueMonitor } from '../../src/message-queue/operations/index.js';
import { AuditTrail, DataKeyStore, KeyProvider } from '../../src/message-queue/ports/index.js';
import { AppKeys } from '../../src/message-queue/privacy/keys/app-keys.js';
import { recorded } from '../../src/message-queue/testing/index.js';
import { HostApps } from '../support/host-app.js';
import { KeyRing } from '../support/key-ring.js';
import { TestRedis } from '../support/redis-server.js';

describe('the keys and the audit of an app', () => {
  const apps = new HostApps();
  afterEach(async () => {
    await apps.close();
    apps.logger.lines.splice(0);
  });

  const start = (options: MessageQueueModuleOptions): Promise<INestApplication> =>
    apps.start({ imports: [MessageQueueModule.forRoot({ provider: 'memory', ...options })] });

  async function seal(app: INestApplication, scope: string): Promise<void> {
    await app.get(AppKeys, { strict: false }).stored?.dataKeys.sealingKey(scope, 'q');
  }

  it('stand in memory on the memory provider, where jobs end with the process as well', async () => {
    const app = await start({});
    expect(app.get(DataKeyStore)).toBeInstanceOf(InMemoryDataKeyStore);
    const chain = app.get(AuditChain);
    await chain.append({
      actor: 'ana',
      action: 'pause',
      target: await chain.target('queue', 'q'),
      queue: 'q',
    });
    expect(await chain.verify()).toMatchObject({ intact: true, entries: 1 });
  });

  it('are kept opened as long, and as many, as the settings say', async () => {
    const store = recorded(new InMemoryDataKeyStore(new InMemoryMessages()));
    const app = await start({
      adapters: [{ provide: DataKeyStore, useValue: store }],
      privacy: { keyCache: { keys: 1, forMs: 600_000 } },
    });
    await seal(app, 'conversation:a');
    await seal(app, 'conversation:b');
    const asked = store.recorder.callsOf('current').length;
    await seal(app, 'conversation:a');
    expect(store.recorder.callsOf('current').length).toBe(asked + 1);
    const wrong = start({ privacy: { keyCache: { keys: 0, forMs: 10 } } });
    await expect(wrong).rejects.toThrow(/privacy\.keyCache\.keys[^]*privacy\.keyCache\.forMs/);
  });

  it('health names the ring key that is missing, with what it wraps', async () => {
    const ring = new KeyRing();
    const app = await start({ adapters: [{ provide: KeyProvider, useValue: ring }] });
    const first = await ring.current();
    for (const scope of ['conversation:a', 'conversation:b']) await seal(app, scope);
    ring.rotate();
    ring.replace(first.id, null);
    const { status, reasons } = await app.get(QueueMonitor).overallHealth();
    expect(status).toBe('unhealthy');
    expect(reasons).toEqual([expect.objectContaining({ severity: 'unhealthy', code: 'RING_KEY_MISSING' })]);
    expect(reasons[0]?.message).toContain(`"${first.id}", which wraps 3 data key(s)`);
  });

  it('rewrapKeys moves the data keys to the current ring key, and is written down', async () => {
    const ring = new KeyRing();
    const app = await start({ adapters: [{ provide: KeyProvider, useValue: ring }] });
    const first = await ring.current();
    await seal(app, 'conversation:a');
    ring.rotate();
    const call = { by: 'ana', reason: 'yearly' };
    expect(await app.get(Privacy).rewrapKeys(call)).toEqual({ rewrapped: 2, left: 0 });
    ring.replace(first.id, null);
    expect((await app.get(QueueMonitor).overallHealth()).reasons).toEqual([]);
    const { items } = await app.get(AuditChain).list();
    expect(items.map(({ actor, action, phase, count }) => [actor, action, phase, count])).toEqual([
      ['ana', 'rewrap', 'done', 2],
      ['ana', 'rewrap', 'begun', null],
    ]);
  });

  it('health says that keys cannot be had, and answers all the same', async () => {
    const store = recorded(new InMemoryDataKeyStore(new InMemoryMessages()));
    store.recorder.fail('countByRingKey', 'time-out');
    const app = await start({ adapters: [{ provide: DataKeyStore, useValue: store }] });
    const { status, reasons } = await app.get(QueueMonitor).overallHealth();
    expect([status, ...reasons.map(({ code }) => code)]).toEqual(['degraded', 'KEYS_UNREACHABLE']);
    expect((await app.get(QueueMonitor).overallHealth()).reasons).toEqual([]);
  });

  it.each<[string, MessageQueueModuleOptions, number]>([
    ['is warned of in production', {}, 1],
    ['is not where it was accepted', { acceptInMemory: [AuditTrail] }, 0],
    ['is not in development', { environment: 'development' }, 0],
  ])('an audit in memory %s', async (_what, options, lines) => {
    await start({
      ...{ environment: 'production', builtInQueues: false, ...options },
      adapters: [{ provide: KeyProvider, useValue: new KeyRing() }],
    });
    const found = apps.logger.lines.filter((line) => line.includes('The audit of replays'));
    expect(found).toHaveLength(lines);
  });
});

describe('the keys of an app on Redis', () => {
  const apps = new HostApps();
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(async () => {
    await apps.close();
    await redis.stop();
  });

  it('are in no store until one is plugged in: jobs would outlive keys in memory', async () => {
    const options = {
      provider: 'redis',
      redis: { host: '127.0.0.1', port: redis.port },
      prefix: 'keys',
    } as const;
    const app = await apps.start({ imports: [MessageQueueModule.forRoot(options)] });
    expect(app.get(DataKeyStore)).toBeNull();
    await expect(app.get(Privacy).rewrapKeys()).rejects.toMatchObject({ code: 'NO_DATA_KEY_STORE' });
    const chain = app.get(AuditChain);
    expect(await chain.target('subject', 'user-7')).toEqual(await chain.target('subject', 'user-7'));
  });
});
