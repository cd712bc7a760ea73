import { createHash, randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import type { Queue } from 'bull';
import { RedisScripts } from '../../src/message-queue/broker/redis/connections/redis-scripts.js';
import {
  defineQueue,
  getQueueToken,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../../src/message-queue/index.js';
import { DeadLetterService, Privacy } from '../../src/message-queue/operations/index.js';
import type { ResealReport } from '../../src/message-queue/operations/index.js';
import { DataKeyStore, KeyProvider } from '../../src/message-queue/ports/index.js';
import type { EncryptionKey } from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';
import { KeyRing } from '../support/key-ring.js';
import { LETTER, LetterDto } from '../support/letter.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const LETTERS = defineQueue({
  name: 'letters',
  description: 'Letters with content.',
  sealed: true,
  jobs: { tear: LetterDto },
  ...{ concurrency: 4, attempts: 2, backoff: { type: 'fixed', delayMs: 86_400_000 }, timeoutMs: 5_000 },
});
/** A job of a level whose lane is empty but for it. */
const ALONE = { attempts: 1, priority: 10 };

let held: Promise<void> | undefined;

@Processor(LETTERS.name)
class LetterProcessor {
  @JobHandler(LETTERS, 'tear')
  async tear(): Promise<void> {
    await held;
    throw new Error('It does not tear.');
  }
}

@Module({ imports: [MessageQueueModule.registerQueue(LETTERS)], providers: [LetterProcessor] })
class LettersModule {}

// In memory a pass looks at each job once, wherever it has moved meanwhile.
describe('Privacy.reseal() on redis, while jobs move', () => {
  let redis: TestRedis;
  const apps = new HostApps();
  let app: INestApplication;
  let queue: Queue<LetterDto>;
  let prefix = '';
  let ring: KeyRing;
  let old: EncryptionKey;

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  beforeEach(async () => {
    prefix = `reseal-${randomUUID()}`;
    held = undefined;
    ring = new KeyRing();
    old = await ring.current();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await apps.close();
  });
  afterAll(() => redis.stop());

  async function start(options: { readonly autoStart?: boolean } = {}): Promise<void> {
    const adapters = [
      { provide: KeyProvider, useValue: ring },
      { provide: DataKeyStore, useValue: null },
    ];
    const module = MessageQueueModule.forRoot({
      ...{ provider: 'redis', redis: { url: redis.url }, prefix, adapters },
      ...{ environment: 'test', builtInQueues: false, ...options },
    });
    app = await apps.start({ imports: [module, LettersModule] });
    queue = app.get<Queue<LetterDto>>(getQueueToken(LETTERS.name));
  }

  const add = async (options = {}): Promise<string> =>
    (await app.get(MessageQueueService).enqueue(LETTERS, 'tear', LETTER, options)).id;
  const isIn = (id: string, state: string): Promise<unknown> =>
    waitUntil(async () => (await (await queue.getJob(id))?.getState()) === state, `job ${id} to be ${state}`);
  const reseal = (): Promise<ResealReport> => app.get(Privacy).reseal(LETTERS.name);
  const replay = (id: string): Promise<unknown> => app.get(DeadLetterService).replay(LETTERS.name, id, 'ann');

  /** A dead letter, in a queue that is paused since. */
  async function deadLetter(): Promise<string> {
    const id = await add(ALONE);
    await isIn(id, 'failed');
    await queue.pause();
    return id;
  }

  /** Fields of jobs that hold a text whose key is derived from the old key of the ring. */
  async function oldTexts(): Promise<string[]> {
    const tag = createHash('sha256').update(old.id).digest().subarray(0, 6);
    // The first bytes of each such text: as many characters as they decide.
    const head = Buffer.concat([Buffer.of(2, 1), tag])
      .toString('base64url')
      .slice(0, 10);
    const client = redis.client();
    const found: string[] = [];
    for (const key of await client.keys(`${prefix}:${LETTERS.name}:*`)) {
      if ((await client.type(key)) !== 'hash') continue;
      const fields = Object.entries(await client.hgetall(key));
      found.push(...fields.filter(([, text]) => text.includes(head)).map(([field]) => `${key} ${field}`));
    }
    client.disconnect();
    return found;
  }

  /** Does something once, right before or after the first call of a script that is the one. @returns whether it was done */
  function once(
    when: 'before' | 'after',
    [name, place]: readonly [script: string, place?: string],
    act: () => Promise<unknown>,
  ): () => boolean {
    const run = Reflect.get(RedisScripts.prototype, 'run');
    let isDone = false;
    jest.spyOn(RedisScripts.prototype, 'run').mockImplementation(async function (
      this: RedisScripts,
      ...call: Parameters<RedisScripts['run']>
    ) {
      const [script, , args] = call;
      const isTheOne = !isDone && script.name === name && (place === undefined || args[1] === place);
      isDone ||= isTheOne;
      if (isTheOne && when === 'before') await act();
      const reply = await run.apply(this, call);
      if (isTheOne && when === 'after') await act();
      return reply;
    });
    return () => isDone;
  }

  it.each(['paused', 'resumed'])('finds the jobs of a queue that is %s between two looks', async (change) => {
    await start({ autoStart: false });
    if (change === 'resumed') await queue.pause();
    // More than one script reads.
    const letters = Array.from({ length: 300 }, () => ({ payload: LETTER }));
    await app.get(MessageQueueService).enqueueMany(LETTERS, 'tear', letters);
    ring.rotate();
    const isDone = once('after', ['mqReadTexts', 'wait'], () =>
      change === 'paused' ? queue.pause() : queue.resume(),
    );
    expect(await reseal()).toEqual({ resealed: 300, left: 0 });
    expect(isDone()).toBe(true);
    expect(await oldTexts()).toEqual([]);
  });

  it('finds a dead letter that is replayed after a pass has read the lanes, and before it reads the failed set', async () => {
    await start();
    const id = await deadLetter();
    ring.rotate();
    const isDone = once('before', ['mqReadTexts', 'failed'], () => replay(id));
    expect(await reseal()).toEqual({ resealed: 1, left: 0 });
    expect(isDone()).toBe(true);
    expect(await oldTexts()).toEqual([]);
  });

  it('finds a job that fails, and is to be tried again, after a pass has read those that are delayed', async () => {
    await start();
    let end = (): void => undefined;
    held = new Promise((resolve) => (end = resolve));
    const id = await add();
    await isIn(id, 'active');
    ring.rotate();
    const retried = async (): Promise<unknown> => {
      end();
      return isIn(id, 'delayed');
    };
    const isDone = once('before', ['mqReadTexts', 'active'], retried);
    expect(await reseal()).toEqual({ resealed: 1, left: 0 });
    expect(isDone()).toBe(true);
    expect(await oldTexts()).toEqual([]);
  });

  it('is not undone by a replay that read its dead letter before', async () => {
    await start();
    const id = await deadLetter();
    ring.rotate();
    const reports: ResealReport[] = [];
    const isDone = once('before', ['mqReplayJobs'], async () => reports.push(await reseal()));
    await replay(id);
    expect(isDone()).toBe(true);
    expect(reports).toEqual([{ resealed: 1, left: 0 }]);
    expect(await oldTexts()).toEqual([]);
    expect((await queue.getJob(id))?.opts).toMatchObject({ mq: { replays: [{ by: 'ann' }] } });
  });

  it('is not undone by a replay of all that match, either', async () => {
    await start();
    const id = await deadLetter();
    ring.rotate();
    const reports: ResealReport[] = [];
    const isDone = once('before', ['mqReplayJobs'], async () => reports.push(await reseal()));
    await app.get(DeadLetterService).replayMatching({}, { by: 'ann' });
    expect(isDone()).toBe(true);
    expect(reports).toEqual([{ resealed: 1, left: 0 }]);
    expect(await oldTexts()).toEqual([]);
    expect(await (await queue.getJob(id))?.getState()).toBe('paused');
  });
});
