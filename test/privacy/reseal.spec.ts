import { createHash, randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { INestApplication, Provider } from '@nestjs/common';
import type { Job, Queue } from 'bull';
import { InMemoryDataKeyStore, InMemoryMessages } from '../../src/message-queue/adapters/in-memory/index.js';
import {
  defineQueue,
  getQueueToken,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../../src/message-queue/index.js';
import type { JobContext, MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import {
  AuditChain,
  DeadLetterService,
  MessageQueueWorker,
  Privacy,
} from '../../src/message-queue/operations/index.js';
import { DataKeyStore, KeyProvider } from '../../src/message-queue/ports/index.js';
import { SEALED_FIELD } from '../../src/message-queue/jobs/sealing/payload-seal.js';
import { AppKeys } from '../../src/message-queue/privacy/keys/app-keys.js';
import type { StoredKeys } from '../../src/message-queue/privacy/keys/app-keys.js';
import { HostApps } from '../support/host-app.js';
import { KeyRing } from '../support/key-ring.js';
import { LETTER, LetterDto } from '../support/letter.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const LETTERS = defineQueue({
  name: 'letters',
  description: 'Letters with content.',
  sealed: true,
  jobs: { read: LetterDto, tear: LetterDto },
  ...{ concurrency: 4, attempts: 1, backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 5_000 },
});
const TOMORROW = { delay: 86_400_000 };

let repaired = false;
let held: Promise<void> | undefined;
const seen: string[] = [];

@Processor(LETTERS.name)
class LetterProcessor {
  @JobHandler(LETTERS, 'read')
  async read({ letterId, text }: LetterDto, { progress }: JobContext): Promise<{ echo: string }> {
    await progress({ percentage: 50, data: { echo: text } });
    await held;
    seen.push(`${letterId} ${text}`);
    return { echo: text };
  }

  @JobHandler(LETTERS, 'tear')
  async tear(payload: LetterDto, { progress }: JobContext): Promise<void> {
    await progress({ percentage: 50, data: { echo: payload.text } });
    if (!repaired) throw new Error('It does not tear.');
    seen.push(`${payload.letterId} ${payload.text}`);
  }
}

@Module({ imports: [MessageQueueModule.registerQueue(LETTERS)], providers: [LetterProcessor] })
class LettersModule {}

/** @param store null: keys are derived from the ring */
const provide = (ring: KeyRing, store: DataKeyStore | null = null): Provider[] => [
  { provide: KeyProvider, useValue: ring },
  { provide: DataKeyStore, useValue: store },
];

describe.each(['memory', 'redis'] as const)('Privacy.reseal() on %s', (provider) => {
  let redis: TestRedis | null = null;
  const apps = new HostApps();
  let app: INestApplication;
  let service: MessageQueueService;
  let queue: Queue<LetterDto>;
  let prefix = '';

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
  });
  beforeEach(() => {
    prefix = `reseal-${randomUUID()}`;
    repaired = false;
    held = undefined;
    seen.length = 0;
  });
  afterEach(() => apps.close());
  afterAll(() => redis?.stop());

  async function start(adapters: Provider[], options: MessageQueueModuleOptions = {}): Promise<void> {
    const place = redis === null ? {} : { redis: { url: redis.url }, prefix };
    const module = MessageQueueModule.forRoot({
      ...{ provider, environment: 'test', builtInQueues: false, ...place },
      ...{ adapters: adapters as MessageQueueModuleOptions['adapters'], ...options },
    });
    app = await apps.start({ imports: [module, LettersModule] });
    service = app.get(MessageQueueService);
    queue = app.get<Queue<LetterDto>>(getQueueToken(LETTERS.name));
  }

  const jobOf = async (id: string): Promise<Job<LetterDto>> => (await queue.getJob(id)) as Job<LetterDto>;
  const isOver = (id: string, state: string): Promise<unknown> =>
    waitUntil(async () => (await (await jobOf(id)).getState()) === state, `job ${id} to be ${state}`);
  const reseal = (signal?: AbortSignal): Promise<unknown> =>
    app.get(Privacy).reseal(LETTERS.name, { by: 'ops', reason: 'rotation' }, signal);
  const add = async (job: 'read' | 'tear', letterId: string, options = {}): Promise<string> =>
    (await service.enqueue(LETTERS, job, { ...LETTER, letterId }, options)).id;
  const keyIdOf = async (id: string): Promise<string> => {
    const sealed = (await jobOf(id)).data as unknown as Record<string, string>;
    return Buffer.from(sealed[SEALED_FIELD] ?? '', 'base64url')
      .subarray(1, 17)
      .toString('base64url');
  };
  /** Fields in Redis that hold a text whose key is derived from a key of the ring. */
  async function textsNaming(ringKeyId: string): Promise<string[]> {
    if (redis === null) return [];
    const tag = createHash('sha256').update(ringKeyId).digest().subarray(0, 6);
    // The first bytes of each such text: as many characters as they decide.
    const head = Buffer.concat([Buffer.of(2, 1), tag])
      .toString('base64url')
      .slice(0, 10);
    const client = redis.client();
    const hashes = await client.keys(`${prefix}:${LETTERS.name}:*`);
    const found: string[] = [];
    for (const key of hashes) {
      if ((await client.type(key)) !== 'hash') continue;
      for (const [field, text] of Object.entries(await client.hgetall(key))) {
        if (text.includes(head)) found.push(`${key} ${field}`);
      }
    }
    client.disconnect();
    return found;
  }
  const work = (): Promise<void> => app.get(MessageQueueWorker).start();

  it('moves everything to the current key of the ring, which can then be the only one', async () => {
    const ring = new KeyRing();
    const old = await ring.current();
    await start(provide(ring));
    const done = await add('read', 'done');
    const dead = await add('tear', 'dead');
    await isOver(done, 'completed');
    await isOver(dead, 'failed');
    await queue.pause();
    const ids = [await add('read', 'waiting'), await add('read', 'urgent', { priority: 10 })];
    ids.push(await add('read', 'delayed', TOMORROW));
    const scheduled = (
      await service.enqueue(
        LETTERS,
        'read',
        { ...LETTER, letterId: 'scheduled' },
        { repeat: { every: 3_600_000 } },
      )
    ).id;
    if (redis !== null) expect((await textsNaming(old.id)).length).toBeGreaterThan(7);
    ring.rotate();
    // The schedule counts beside its run.
    expect(await reseal()).toEqual({ resealed: 7, left: 0 });
    expect(await textsNaming(old.id)).toEqual([]);
    ring.replace(old.id, null);
    expect(await reseal()).toEqual({ resealed: 0, left: 0 });
    // What is opened is remembered, and another process remembers nothing of it.
    if (provider === 'redis') {
      await apps.close();
      await start(provide(ring), { autoStart: false });
    }
    repaired = true;
    await app.get(DeadLetterService).replay(LETTERS.name, dead, 'ann');
    await (await jobOf(ids[2] ?? '')).promote();
    await (await jobOf(scheduled)).promote();
    await queue.resume();
    await work();
    for (const id of [...ids, dead, scheduled]) await isOver(id, 'completed');
    expect(seen.slice(1).sort()).toEqual(
      ['dead', 'delayed', 'scheduled', 'urgent', 'waiting'].map((name) => `${name} ${LETTER.text}`),
    );
    const next = (await queue.getDelayed())[0];
    await next?.promote();
    await isOver(String(next?.id), 'completed');
  });

  it('is written to the audit, before and after, with how many it was', async () => {
    const ring = new KeyRing();
    await start(provide(ring), { autoStart: false });
    await add('read', 'one');
    ring.rotate();
    await reseal();
    const { items } = await app.get(AuditChain).list();
    expect(items).toMatchObject([
      { action: 'rewrap', phase: 'done', actor: 'ops', reason: 'rotation', queue: 'letters', count: 1 },
      { action: 'rewrap', phase: 'begun', target: { kind: 'queue' }, queue: 'letters' },
    ]);
    await expect(app.get(Privacy).reseal('unheard-of')).rejects.toMatchObject({ code: 'UNKNOWN_QUEUE' });
  });

  it('touches no job that a worker has; one more call does', async () => {
    const ring = new KeyRing();
    await start(provide(ring));
    let end = (): void => undefined;
    held = new Promise((resolve) => (end = resolve));
    const id = await add('read', 'busy');
    await isOver(id, 'active');
    await waitUntil(async () => (await (await jobOf(id)).progress()) !== 0, 'its progress');
    const before = (await jobOf(id)).toJSON();
    ring.rotate();
    expect(await reseal()).toEqual({ resealed: 0, left: 1 });
    expect((await jobOf(id)).toJSON()).toEqual(before);
    end();
    await isOver(id, 'completed');
    expect(await reseal()).toEqual({ resealed: 1, left: 0 });
  });

  it('loses, doubles and breaks no job while workers run them all', async () => {
    const ring = new KeyRing();
    await start(provide(ring), { autoStart: false });
    const letters = Array.from({ length: 2_000 }, (_, n) => `l-${n}`);
    await service.enqueueMany(
      LETTERS,
      'read',
      letters.map((letterId) => ({ payload: { ...LETTER, letterId } })),
    );
    ring.rotate();
    await work();
    const reports = await Promise.all([reseal(), reseal()]);
    expect(reports).toHaveLength(2);
    await waitUntil(() => seen.length >= letters.length, 'all runs', 60_000);
    expect([...seen].sort()).toEqual(letters.map((letterId) => `${letterId} ${LETTER.text}`).sort());
    expect((await service.getFailedJobs(LETTERS.name)).length).toBe(0);
    await waitUntil(async () => ((await reseal()) as { left: number }).left === 0, 'nothing to be left');
  });

  it('is what health asks for when a ring key was dropped too early, before anything breaks', async () => {
    const ring = new KeyRing();
    const old = await ring.current();
    await start(provide(ring), { autoStart: false });
    for (let n = 0; n < 3; n += 1) await add('read', `l-${n}`, n === 0 ? TOMORROW : {});
    const reasons = async (): Promise<string[]> => {
      const { reasons: all } = await service.getQueueHealth(LETTERS.name);
      return all.filter(({ code }) => code === 'RING_KEY_MISSING').map(({ message }) => message);
    };
    expect(await reasons()).toEqual([]);
    ring.rotate();
    ring.replace(old.id, null);
    const later = performance.now() + 6 * 60_000;
    const clock = jest.spyOn(performance, 'now');
    clock.mockReturnValue(later);
    const reason = await waitUntil(async () => (await reasons())[0], 'health to count them');
    expect(reason).toMatch(
      /^3 job\(s\) of "letters" are sealed with a ring key that the key provider does not know/,
    );
    ring.rotate(old);
    ring.rotate();
    expect(await reseal()).toEqual({ resealed: 3, left: 0 });
    ring.replace(old.id, null);
    clock.mockReturnValue(later + 6 * 60_000);
    await waitUntil(async () => (await reasons()).length === 0, 'health to be well');
    clock.mockRestore();
  });

  it('goes on where it was stopped', async () => {
    const ring = new KeyRing();
    await start(provide(ring), { autoStart: false });
    for (let n = 0; n < 3; n += 1) await add('read', `l-${n}`);
    ring.rotate();
    await expect(reseal(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    expect(await reseal()).toEqual({ resealed: 3, left: 0 });
  });

  it('leaves jobs alone whose key was destroyed, and those that name a key of the store already', async () => {
    const [ring, store] = [new KeyRing(), new InMemoryDataKeyStore(new InMemoryMessages())];
    await start(provide(ring, store), { autoStart: false });
    const id = await add('read', 'one');
    await add('read', 'two', { repeat: { every: 3_600_000 } });
    ring.rotate();
    expect(await reseal()).toEqual({ resealed: 0, left: 0 });
    const { dataKeys } = app.get(AppKeys, { strict: false }).stored as StoredKeys;
    const hash = await dataKeys.digest('conversation:c-1');
    await store.destroy({ scopeHash: hash, conversationId: 'c-1', at: new Date(), receiptId: 'r-1' });
    dataKeys.forget(hash);
    const before = (await jobOf(id)).data;
    expect(await reseal()).toEqual({ resealed: 0, left: 0 });
    expect((await jobOf(id)).data).toEqual(before);
  });

  // Where jobs outlive the process.
  if (provider === 'redis') {
    it('leaves what needs a key that is gone, loses nothing of it, and goes on when the key is back', async () => {
      const ring = new KeyRing();
      const old = await ring.current();
      await start(provide(ring), { autoStart: false });
      const id = await add('read', 'one');
      const before = (await jobOf(id)).data;
      await apps.close();
      ring.rotate();
      ring.replace(old.id, null);
      await start(provide(ring), { autoStart: false });
      await add('read', 'two');
      expect(await reseal()).toEqual({ resealed: 0, left: 1 });
      expect((await jobOf(id)).data).toEqual(before);
      const current = await ring.current();
      ring.rotate(old);
      ring.rotate(current);
      expect(await reseal()).toEqual({ resealed: 1, left: 0 });
      await work();
      await waitUntil(() => seen.length === 2, 'both runs');
    });

    it('moves what was sealed with derived keys to those of a store that is plugged in later', async () => {
      const ring = new KeyRing();
      const old = await ring.current();
      await start(provide(ring), { autoStart: false });
      const id = await add('read', 'one');
      await apps.close();
      ring.rotate();
      const store = new InMemoryDataKeyStore(new InMemoryMessages());
      await start(provide(ring, store), { autoStart: false });
      expect(await reseal()).toEqual({ resealed: 1, left: 0 });
      ring.replace(old.id, null);
      // Its conversation's key, so that destroying that one destroys it.
      const other = await add('read', 'two');
      expect(await keyIdOf(id)).toBe(await keyIdOf(other));
      await work();
      await waitUntil(() => seen.length === 2, 'both runs');
    });
  }
});
