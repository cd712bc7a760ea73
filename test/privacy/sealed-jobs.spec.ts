import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import type { Job, Queue } from 'bull';
import { SystemClock } from '../../src/kernel/time/clock.js';
import { SealedPayload } from '../../src/message-queue/admission/payloads/json-payload.js';
import { InMemoryDataKeyStore, InMemoryMessages } from '../../src/message-queue/adapters/in-memory/index.js';
import { DeadLetterService, MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import {
  defineQueue,
  getQueueToken,
  JobEvents,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../../src/message-queue/index.js';
import type {
  JobContext,
  JobEnd,
  JobEndListener,
  MessageQueueModuleOptions,
} from '../../src/message-queue/index.js';
import { DataKeyStore, KeyProvider } from '../../src/message-queue/ports/index.js';
import { SEALED_FIELD } from '../../src/message-queue/jobs/sealing/payload-seal.js';
import type { PayloadSeal } from '../../src/message-queue/jobs/sealing/payload-seal.js';
import { AppKeys } from '../../src/message-queue/privacy/keys/app-keys.js';
import type { StoredKeys } from '../../src/message-queue/privacy/keys/app-keys.js';
import { AppCodecKeys } from '../../src/message-queue/privacy/keys/app-codec-keys.js';
import { PayloadCodec } from '../../src/message-queue/privacy/payload-codec.js';
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
  ...{ concurrency: 2, attempts: 1, backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 5_000 },
});

const TOMORROW = { delay: 86_400_000 };

let repaired = false;
const seen: object[] = [];
const ends: JobEnd[] = [];

@Processor(LETTERS.name)
class LetterProcessor implements JobEndListener {
  @JobHandler(LETTERS, 'read')
  async read(payload: LetterDto, { progress }: JobContext): Promise<{ echo: string }> {
    seen.push(structuredClone(payload));
    await progress({ percentage: 50, step: 'reading', data: { echo: payload.text } });
    return { echo: payload.text };
  }

  @JobHandler(LETTERS, 'tear')
  tear(payload: LetterDto): void {
    seen.push(structuredClone(payload));
    if (!repaired) throw new Error('It does not tear.');
  }

  onJobEnd(end: JobEnd): void {
    ends.push(end);
  }
}

@Module({ imports: [MessageQueueModule.registerQueue(LETTERS)], providers: [LetterProcessor] })
class LettersModule {}

describe.each(['memory', 'redis'] as const)('Jobs of a sealed queue on %s', (provider) => {
  let redis: TestRedis | null = null;
  const apps = new HostApps();
  let app: INestApplication;
  let service: MessageQueueService;
  let queue: Queue<LetterDto>;

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
  });
  beforeEach(() => {
    repaired = false;
    seen.length = 0;
    ends.length = 0;
  });
  afterEach(() => apps.close());
  afterAll(() => redis?.stop());

  async function start(
    options: MessageQueueModuleOptions = {},
    prefix = `sealed-${randomUUID()}`,
  ): Promise<void> {
    const place = redis === null ? {} : { redis: { url: redis.url }, prefix };
    app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({ provider, environment: 'test', ...place, ...options }),
        LettersModule,
      ],
    });
    service = app.get(MessageQueueService);
    queue = app.get<Queue<LetterDto>>(getQueueToken(LETTERS.name));
  }

  const jobOf = async (id: string): Promise<Job<LetterDto>> => (await queue.getJob(id)) as Job<LetterDto>;
  const isOver = (id: string, state: string): Promise<unknown> =>
    waitUntil(async () => (await (await jobOf(id)).getState()) === state, `job ${id} to be ${state}`);

  it('show what is readable, and give the handler and the end all of it', async () => {
    await start();
    const results: unknown[] = [];
    app.get(JobEvents).on('completed', ({ result }) => void results.push(result));
    const { id } = await service.enqueue(LETTERS, 'read', LETTER);
    await isOver(id, 'completed');
    const job = await jobOf(id);
    expect(job.data).toEqual({
      letterId: 'l-1',
      conversationId: 'c-1',
      [SEALED_FIELD]: expect.any(String) as string,
    });
    expect(job.returnvalue).toEqual({ [SEALED_FIELD]: expect.any(String) as string });
    expect(await job.progress()).toEqual({
      ...{ percentage: 50, step: 'reading' },
      data: { [SEALED_FIELD]: expect.any(String) as string },
    });
    expect(JSON.stringify(job.toJSON())).not.toContain('fever');
    expect(seen).toEqual([LETTER]);
    await waitUntil(() => ends.length === 1, 'the end');
    expect(ends[0]).toMatchObject({ outcome: 'completed', payload: LETTER, result: { echo: LETTER.text } });
    expect(results).toEqual([{ echo: LETTER.text }]);
  });

  it('are sealed whichever way they are added', async () => {
    await start({ autoStart: false });
    const receipts = await service.enqueueMany(LETTERS, 'read', [
      { payload: LETTER },
      { payload: LETTER, options: TOMORROW },
    ]);
    const ids = receipts.map((receipt) => ('id' in receipt ? receipt.id : ''));
    ids.push((await service.enqueue(LETTERS, 'read', LETTER, { idempotencyKey: 'k' })).id);
    ids.push(String((await queue.add('read', LETTER)).id));
    ids.push(...(await queue.addBulk([{ name: 'read', data: LETTER }])).map(({ id }) => String(id)));
    ids.push((await service.enqueue(LETTERS, 'read', LETTER, { repeat: { every: 3_600_000 } })).id);
    for (const id of ids) {
      const { data } = await jobOf(id);
      expect(data).toMatchObject({ letterId: 'l-1', [SEALED_FIELD]: expect.any(String) as string });
      expect(JSON.stringify(data)).not.toContain('fever');
    }
  });

  it('keep the same schedule when it is added again, and change it with its payload', async () => {
    await start({ autoStart: false });
    const add = async (text: string): Promise<unknown> =>
      (await service.enqueue(LETTERS, 'read', { ...LETTER, text }, { repeat: { every: 3_600_000 } }))
        .schedule;
    expect([await add('a'), await add('a'), await add('b')]).toEqual(['created', 'unchanged', 'updated']);
  });

  it('replay as they are', async () => {
    await start();
    const { id } = await service.enqueue(LETTERS, 'tear', LETTER);
    await isOver(id, 'failed');
    const before = (await jobOf(id)).data;
    repaired = true;
    await app.get(DeadLetterService).replay(LETTERS.name, id, 'ann');
    await isOver(id, 'completed');
    expect((await jobOf(id)).data).toEqual(before);
    expect(seen).toEqual([LETTER, LETTER]);
  });

  it('tell the whole payload to who hears that one was cancelled before it ran', async () => {
    await start();
    const { id } = await service.enqueue(LETTERS, 'read', LETTER, TOMORROW);
    await service.cancelJob(LETTERS.name, id, 'changed-their-mind');
    await waitUntil(() => ends.length === 1, 'the end');
    expect(ends[0]).toMatchObject({ outcome: 'cancelled', payload: LETTER });
  });

  it('cannot be edited in place, and take no payload that says it is sealed', async () => {
    await start({ autoStart: false });
    const { id } = await service.enqueue(LETTERS, 'read', LETTER);
    const job = await jobOf(id);
    await expect(job.update(LETTER)).rejects.toMatchObject({ code: 'JOB_STATE' });
    await expect(queue.add('read', job.data)).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
    await expect(service.enqueue(LETTERS, 'read', job.data)).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
    });
    expect((await jobOf(id)).data).toEqual(job.data);
  });

  it('end as shredded, without running, once their key was destroyed', async () => {
    const store = new InMemoryDataKeyStore(new InMemoryMessages());
    const adapters = [{ provide: DataKeyStore, useValue: store }];
    await start({ adapters, autoStart: false });
    const shredded: string[] = [];
    app.get(JobEvents).on('shredded', ({ jobId }) => void shredded.push(jobId));
    const { id } = await service.enqueue(LETTERS, 'read', LETTER);
    const other = await service.enqueue(LETTERS, 'read', { ...LETTER, conversationId: 'c-2' });
    const { dataKeys } = app.get(AppKeys, { strict: false }).stored as StoredKeys;
    const hash = await dataKeys.digest('conversation:c-1');
    await store.destroy({ scopeHash: hash, conversationId: 'c-1', at: new Date(), receiptId: 'r-1' });
    dataKeys.forget(hash);
    await app.get(MessageQueueWorker).start();
    await isOver(id, 'completed');
    await isOver(other.id, 'completed');
    expect((await jobOf(id)).returnvalue).toEqual({ 'mq:ended': 'shredded' });
    expect(seen).toEqual([{ ...LETTER, conversationId: 'c-2' }]);
    await waitUntil(() => ends.length === 2, 'both ends');
    expect(shredded).toEqual([id]);
    expect(ends.find(({ jobId }) => jobId === id)).toMatchObject({
      outcome: 'shredded',
      payload: { letterId: 'l-1', conversationId: 'c-1' },
    });
    await expect(service.enqueue(LETTERS, 'read', LETTER)).rejects.toMatchObject({ code: 'SCOPE_SHREDDED' });
  });

  it('wait without spending attempts while their key is missing, and say so in health', async () => {
    const [ring, elsewhere] = [new KeyRing(), new KeyRing()];
    await start({ adapters: [{ provide: KeyProvider, useValue: ring }] });
    const { id } = await queue.add('read', (await sealedBy(elsewhere)) as unknown as LetterDto);
    await waitUntil(async () => {
      const { reasons } = await service.getQueueHealth(LETTERS.name);
      return reasons.some(
        ({ code, message }) => code === 'KEY_UNAVAILABLE' && message.startsWith('1 job(s)'),
      );
    }, 'health to name the key');
    await isOver(String(id), 'delayed');
    expect(await jobOf(String(id))).toMatchObject({ attemptsMade: 0 });
    expect(seen).toEqual([]);
    ring.rotate(await elsewhere.current());
    await (await jobOf(String(id))).promote();
    await isOver(String(id), 'completed');
    expect(seen).toEqual([LETTER]);
  });

  it('are dead letters without content when what is stored of them was changed', async () => {
    const ring = new KeyRing();
    await start({ adapters: [{ provide: KeyProvider, useValue: ring }] });
    const { json } = await sealedBy(ring);
    const changed = new SealedPayload(json.replace('"l-1"', '"l-2"'), 0);
    const { id } = await queue.add('read', changed as unknown as LetterDto);
    await isOver(String(id), 'failed');
    const [letter] = await service.getFailedJobs(LETTERS.name, 1);
    expect(JSON.stringify(letter)).toContain('SEAL_BROKEN');
    expect(JSON.stringify(letter)).not.toContain('fever');
    expect(seen).toEqual([]);
  });
});

/** The letter as a process with these keys stores it. */
async function sealedBy(ring: KeyProvider): Promise<SealedPayload> {
  const codec = new PayloadCodec({
    ...{ sealing: 'on', unsealed: 'run', timeoutMs: 1_000 },
    openKeys: () => new AppCodecKeys(null, ring, new SystemClock(), { keys: 10, forMs: 60_000 }),
  });
  const seal = codec.withSeal(LETTERS).seal as PayloadSeal;
  return new SealedPayload(await seal.seal('read', seal.split('read', LETTER)), 0);
}
