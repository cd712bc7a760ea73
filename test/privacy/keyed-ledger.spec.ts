import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Clock } from '../../src/kernel/time/clock.js';
import { InMemoryDataKeyStore, InMemoryMessages } from '../../src/message-queue/adapters/in-memory/index.js';
import { fingerprintOf } from '../../src/message-queue/admission/fingerprint.js';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../../src/message-queue/index.js';
import type { JobReceipt, MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { plainName } from '../../src/message-queue/jobs/sealing/keyed-ledger.js';
import { DataKeyStore, KeyProvider } from '../../src/message-queue/ports/index.js';
import { ManualClock } from '../../src/message-queue/testing/index.js';
import { HostApps } from '../support/host-app.js';
import { KeyRing } from '../support/key-ring.js';
import { LETTER, LetterDto } from '../support/letter.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const LETTERS = defineQueue({
  name: 'letters',
  description: 'Letters with content.',
  sealed: true,
  jobs: { read: LetterDto },
  ...{ concurrency: 2, attempts: 1, backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 5_000 },
});

const KEY = 'order-7';

@Processor(LETTERS.name)
class LetterProcessor {
  @JobHandler(LETTERS, 'read')
  read(): void {
    // Nothing runs here.
  }
}

@Module({ imports: [MessageQueueModule.registerQueue(LETTERS)], providers: [LetterProcessor] })
class LettersModule {}

type Sealing = NonNullable<MessageQueueModuleOptions['privacy']>['sealing'];

const apps = new HostApps();
let redis: TestRedis;
let client: Redis;

beforeAll(async () => {
  redis = await TestRedis.start();
  client = redis.client();
});
afterEach(() => apps.close());
afterAll(async () => {
  client.disconnect();
  await redis.stop();
});

const onRedis = (prefix: string, ring: KeyRing): MessageQueueModuleOptions => ({
  ...{ provider: 'redis', redis: { url: redis.url }, prefix },
  adapters: [{ provide: KeyProvider, useValue: ring }],
});

async function start(options: MessageQueueModuleOptions): Promise<MessageQueueService> {
  const module = MessageQueueModule.forRoot({ environment: 'test', autoStart: false, ...options });
  const app: INestApplication = await apps.start({ imports: [module, LettersModule] });
  return app.get(MessageQueueService);
}

const add = (service: MessageQueueService, over: object = {}, idempotencyKey = KEY): Promise<JobReceipt> =>
  service.enqueue(LETTERS, 'read', { ...LETTER, ...over }, { idempotencyKey });

/** What the ledger of a queue holds, by the names of the keys. */
async function ledgerOf(prefix: string): Promise<Record<string, string | null>> {
  const base = `${prefix}:${LETTERS.name}:mq:once:`;
  const entries = (await client.keys(`${base}*`)).map(async (key): Promise<[string, string | null]> => [
    key.slice(base.length),
    await client.get(key),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

/** Runs an app, and lets another one follow that knows the ring as it is by then. */
interface Succession {
  service(): Promise<MessageQueueService>;
}

function inMemory(ring: KeyRing): Succession {
  const clock = new ManualClock();
  let running: MessageQueueService | undefined;
  return {
    // The jobs live in the process: it learns of the ring by itself, after a minute.
    async service() {
      const adapters = [
        { provide: KeyProvider, useValue: ring },
        { provide: Clock, useValue: clock },
      ];
      running ??= await start({ provider: 'memory', adapters });
      await clock.advance(61_000);
      return running;
    },
  };
}

function ofProcesses(ring: KeyRing, store: DataKeyStore | null): Succession {
  const options = onRedis(`ledger-${randomUUID()}`, ring);
  const adapters = [...(options.adapters ?? []), { provide: DataKeyStore, useValue: store }];
  return {
    async service() {
      await apps.close();
      return start({ ...options, adapters: store === null ? options.adapters : adapters });
    },
  };
}

describe.each<[string, (ring: KeyRing) => Succession]>([
  ['memory', inMemory],
  ['redis with derived keys', (ring) => ofProcesses(ring, null)],
  [
    'redis with a data key store',
    (ring) => ofProcesses(ring, new InMemoryDataKeyStore(new InMemoryMessages())),
  ],
])('an idempotency key of a sealed queue on %s', (_provider, successionOf) => {
  it('stands for one job while the ring is rotated: what is sent twice is added once', async () => {
    const ring = new KeyRing();
    const processes = successionOf(ring);
    const first = await add(await processes.service());
    expect(first.deduplicated).toBe(false);
    for (let rotation = 0; rotation < 3; rotation += 1) {
      ring.rotate();
      const service = await processes.service();
      expect(await add(service)).toEqual({ ...first, deduplicated: true });
      await expect(add(service, { text: 'another' })).rejects.toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
        jobId: first.id,
      });
      expect(await add(service, {}, `free-${rotation}`)).toMatchObject({ deduplicated: false });
      expect(await add(service, {}, `free-${rotation}`)).toMatchObject({ deduplicated: true });
    }
    for (const key of ['free-0', 'free-1', 'free-2']) {
      expect(await add(await processes.service(), {}, key)).toMatchObject({ deduplicated: true });
    }
  });

  it('is known to adds of one call, and to those that follow it', async () => {
    const service = await successionOf(new KeyRing()).service();
    const job = { payload: LETTER, options: { idempotencyKey: KEY } };
    const other = { payload: { ...LETTER, text: 'another' }, options: job.options };
    const receipts = await service.enqueueMany(LETTERS, 'read', [job, job, other]);
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['added', 'deduplicated', 'rejected']);
    expect(await add(service)).toMatchObject({ deduplicated: true });
  });

  it('says in a conflict which job it stands for, and no hash of what is sealed', async () => {
    const service = await successionOf(new KeyRing()).service();
    const { id } = await add(service);
    await expect(add(service, { text: 'another' })).rejects.toMatchObject({
      message: `Idempotency key "${KEY}" of queue "letters" belongs to job "${id}", which has another payload. Use a new key for a new payload.`,
    });
  });
});

describe('the ledger of a queue in Redis', () => {
  const STATES: Sealing[] = ['off', 'open-only', 'on'];

  // Not from "on" to "off": an app that does not seal knows no keys.
  it.each([
    ['off', 'open-only'],
    ['off', 'on'],
    ['open-only', 'on'],
    ['on', 'open-only'],
    ['open-only', 'off'],
  ] as const)('knows with sealing "%s" what was added, and with "%s" that it was', async (before, after) => {
    const ring = new KeyRing();
    const options = onRedis(`ledger-${randomUUID()}`, ring);
    const first = await add(await start({ ...options, privacy: { sealing: before } }));
    const service = await start({ ...options, privacy: { sealing: after } });
    expect(await add(service)).toEqual({ ...first, deduplicated: true });
    await expect(add(service, { text: 'another' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it.each(STATES)(
    'names keys and payloads by their plain hashes only where nothing is sealed: %s',
    async (sealing) => {
      const prefix = `ledger-${randomUUID()}`;
      await add(await start({ ...onRedis(prefix, new KeyRing()), privacy: { sealing } }));
      const [name, entry] = Object.entries(await ledgerOf(prefix))[0] ?? [];
      const isPlain = sealing !== 'on';
      expect(name === plainName(KEY)).toBe(isPlain);
      expect(entry?.includes(fingerprintOf(LETTER, 'read'))).toBe(isPlain);
    },
  );

  it.each(STATES)(
    'sends a plain hash of a payload to Redis only where it is not sealed: %s',
    async (sealing) => {
      const service = await start({
        ...onRedis(`ledger-${randomUUID()}`, new KeyRing()),
        privacy: { sealing },
      });
      const lines: string[] = [];
      const monitor = await client.monitor();
      monitor.on('monitor', (_time: string, args: string[]) => lines.push(args.join(' ')));
      await add(service);
      await waitUntil(() => lines.some((line) => line.includes(KEY)), 'the add to be seen');
      monitor.disconnect();
      const isSent = lines.some((line) => line.includes(fingerprintOf(LETTER, 'read')));
      expect(isSent).toBe(sealing !== 'on');
    },
  );

  it('is free of the keys of jobs that were purged, whatever key of the ring they were named with', async () => {
    const ring = new KeyRing();
    const prefix = `ledger-${randomUUID()}`;
    const first = await add(await start(onRedis(prefix, ring)));
    ring.rotate();
    const service = await start(onRedis(prefix, ring));
    expect(await service.purgeQueue(LETTERS.name)).toBe(1);
    expect(await ledgerOf(prefix)).toEqual({});
    expect((await add(service)).id).not.toBe(first.id);
  });
});
