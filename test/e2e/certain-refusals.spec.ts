import { setTimeout as pause } from 'node:timers/promises';
import type { Queue } from 'bull';
import {
  BrokerUnavailableError,
  EnqueueTimeoutError,
  getQueueToken,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { randomFrom } from '../support/random-from.js';
import { TestRedis } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitUntil } from '../support/wait-until.js';
import { NOTES } from './spooling.fixture.js';

/** Far from the two seconds that an add may wait, also on a busy machine. */
const AT_ONCE_MS = 500;
const STORM_MS = 3_000;

type Told = 'added' | 'refused' | 'unknown';

describe('what an app is told of its adds', () => {
  const apps = new HostApps();
  let redis: TestRedis;
  let proxy: TcpProxy;
  let service: MessageQueueService;
  let queue: Queue;

  beforeEach(async () => {
    redis = await TestRedis.start();
    proxy = await TcpProxy.start(redis.port);
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{
            provider: 'redis',
            environment: 'test',
            prefix: 'told',
            builtInQueues: false,
            role: 'producer',
          },
          ...{
            redis: { host: '127.0.0.1', port: proxy.port },
            board: { enabled: false },
            enqueueTimeoutMs: 600,
          },
        }),
        MessageQueueModule.registerQueue(NOTES),
      ],
    });
    service = app.get(MessageQueueService);
    queue = app.get<Queue>(getQueueToken(NOTES.name), { strict: false });
    await service.enqueue(NOTES, 'note', { n: 0 });
  });
  afterEach(async () => {
    redis.signal('SIGCONT');
    proxy.heal();
    await apps.close();
    await proxy.stop();
    await redis.stop();
  });

  /** Each way in; `n` is found again in what Redis has. */
  const ways: Readonly<Record<string, (n: number) => Promise<unknown>>> = {
    plain: (n) => service.enqueue(NOTES, 'note', { n }),
    keyed: (n) => service.enqueue(NOTES, 'note', { n }, { idempotencyKey: `k${n}` }),
    'by id': (n) => service.enqueue(NOTES, 'note', { n }, { jobId: `id${n}` }),
    delayed: (n) => service.enqueue(NOTES, 'note', { n }, { delay: 3_600_000 }),
    urgent: (n) => service.enqueue(NOTES, 'note', { n }, { priority: 10 }),
    bulk: async (n) => {
      const [receipt] = await service.enqueueMany(NOTES, 'note', [{ payload: { n } }]);
      if (receipt !== undefined && 'error' in receipt) throw receipt.error;
    },
    'Bull add': (n) => queue.add('note', { n }),
    schedule: (n) => service.schedules.upsert(NOTES, 'note', { n }, { key: `s${n}`, every: 3_600_000 }),
  };

  async function told(add: Promise<unknown>): Promise<{ told: Told; tookMs: number }> {
    const startedAt = performance.now();
    const outcome = await add.then(
      (): Told => 'added',
      (error: unknown): Told => {
        if (error instanceof BrokerUnavailableError) return 'refused';
        if (error instanceof EnqueueTimeoutError) return 'unknown';
        throw error;
      },
    );
    return { told: outcome, tookMs: performance.now() - startedAt };
  }

  it.each([
    ['is gone', (): void => proxy.refuse()],
    ['is frozen', (): void => redis.signal('SIGSTOP')],
    ['is behind a black hole', (): void => proxy.blackhole()],
  ])(
    'is told at once that it was not added while Redis %s, whichever way it goes in',
    async (_how, fault) => {
      fault();
      await waitUntil(async () => {
        const { told: outcome, tookMs } = await told(service.enqueue(NOTES, 'note', { n: 1 }));
        return outcome === 'refused' && tookMs < AT_ONCE_MS;
      }, 'Redis to be known to be away');
      for (const [way, add] of Object.entries(ways)) {
        const { told: outcome, tookMs } = await told(add(2));
        expect([way, outcome]).toEqual([way, 'refused']);
        expect(tookMs).toBeLessThan(AT_ONCE_MS);
      }
    },
  );

  it('is never that a job was not added which was, while connections break at random', async () => {
    const seed = Math.floor(Math.random() * 1_000_000);
    const random = randomFrom(seed);
    const breaking = (begin: () => void, ms: number, end: () => void) => async (): Promise<void> => {
      begin();
      await pause(ms);
      end();
    };
    const heal = (): void => proxy.heal();
    const healAndCut = (): void => {
      proxy.heal();
      proxy.cut();
    };
    const faults: readonly (() => Promise<void>)[] = [
      breaking(() => proxy.cut(), 0, heal),
      breaking(() => proxy.refuse(), 300, heal),
      breaking(() => proxy.blackhole(), 900, heal),
      breaking(() => proxy.swallowReplies(), 150, healAndCut),
      breaking(
        () => redis.signal('SIGSTOP'),
        900,
        () => redis.signal('SIGCONT'),
      ),
    ];
    const adds: Promise<[n: number, told: Told]>[] = [];
    let isOver = false;
    const load = async (): Promise<void> => {
      for (let n = 1; !isOver; n += 0) {
        for (const [way, add] of Object.entries(ways)) {
          // A schedule takes several calls.
          if (way === 'schedule' && n % 10 !== 0) continue;
          const number = (n += 1);
          adds.push(told(add(number)).then(({ told: outcome }) => [number, outcome]));
        }
        await pause(10);
      }
    };
    const loaded = load();
    const until = performance.now() + STORM_MS;
    for (let turn = 0; performance.now() < until; turn += 1) {
      await faults[turn < faults.length ? turn : Math.floor(random() * faults.length)]?.();
      await pause(100 + random() * 100);
    }
    isOver = true;
    await loaded;
    const outcomes = await Promise.all(adds);
    await service.enqueue(NOTES, 'note', { n: 0 }, { deadlineMs: 30_000 });
    const client = redis.client();
    const stored = new Set<number>();
    for (const key of await client.keys('told:notes:*')) {
      if ((await client.type(key)) !== 'hash') continue;
      const data = await client.hget(key, 'data');
      if (data !== null) stored.add((JSON.parse(data) as { n: number }).n);
    }
    client.disconnect();
    const of = (wanted: Told): number[] => outcomes.filter(([, it]) => it === wanted).map(([n]) => n);
    expect({ seed, addedAfterAll: of('refused').filter((n) => stored.has(n)) }).toEqual({
      seed,
      addedAfterAll: [],
    });
    expect({ seed, lost: of('added').filter((n) => !stored.has(n)) }).toEqual({ seed, lost: [] });
    expect(of('refused').length).toBeGreaterThan(0);
    expect(of('added').length).toBeGreaterThan(0);
  });
});
