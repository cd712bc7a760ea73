import { getQueueToken, Processor } from '@nestjs/bull';
import type { Queue } from 'bull';
import { IsIn, IsInt, IsString } from 'class-validator';
import type { Redis } from 'ioredis';
import {
  CancelledError,
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import { DeadLetterService } from '../../src/message-queue/operations/index.js';
import type { JobContext, ProviderName } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

/** What a dead letter may take beside its payload, bytes: in Redis as Redis says, in memory as JSON texts and what holds them. */
const MOST_BYTES: Readonly<Record<ProviderName, number>> = { redis: 2_048, memory: 5_120, sync: 5_120 };
/** How jobs fail here. */
const KINDS = [
  ...([
    'error',
    'causes',
    'many errors',
    'properties',
    'text',
    'progress',
    'logs',
    'cancelled',
    'result',
  ] as const),
] as const;

class MailJobDto {
  @IsString()
  text!: string;

  @IsIn(KINDS)
  kind!: (typeof KINDS)[number];

  @IsInt()
  length!: number;
}

const MAILS = defineQueue({
  name: 'mails',
  description: 'Jobs of a test.',
  jobs: { mail: MailJobDto },
  concurrency: 5,
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 1 },
  timeoutMs: 30_000,
});

const SEALED_MAILS = defineQueue({ ...MAILS, name: 'sealed-mails', sealed: true });

function failDeeply(error: string, depth: number): never {
  if (depth > 0) return failDeeply(error, depth - 1);
  throw new RangeError(error);
}

@Processor('mails')
class MailProcessor {
  @JobHandler('mail')
  async mail({ kind, length }: MailJobDto, { attempt, jobId, progress }: JobContext): Promise<unknown> {
    const message = `connect ECONNREFUSED 10.0.0.7:5432 in attempt ${attempt}: ${'é"\n'.repeat(length)}`;
    switch (kind) {
      case 'causes':
        throw Array.from({ length: 50 }).reduce<Error>(
          (cause) => new Error(message, { cause }),
          new Error(message),
        );
      case 'many errors':
        throw new AggregateError(
          Array.from({ length: 500 }, () => new Error(message)),
          message,
        );
      case 'properties':
        throw Object.assign(new Error(message), {
          name: message,
          code: message,
          body: message,
          response: { message },
        });
      case 'text':
        throw message as unknown as Error;
      case 'progress':
        await progress({ percentage: 40.5, step: 'sending', data: { message } });
        throw new Error(message);
      case 'logs': {
        const job = await queue.getJob(jobId);
        for (let line = 0; line < 50; line++) await job?.log(`${attempt} ${line} ${message}`);
        throw new Error(message);
      }
      case 'cancelled':
        throw new CancelledError(message);
      case 'result':
        return { message, n: 1n };
      case 'error':
        return failDeeply(message, 30);
    }
  }
}

@Processor('sealed-mails')
class SealedMailProcessor extends MailProcessor {}

let queue: Queue;

describe.each<ProviderName>(['redis', 'memory'])('A dead letter on %s', (provider) => {
  const apps = new HostApps();
  const most = MOST_BYTES[provider];
  let redis: TestRedis | null = null;
  let client: Redis | null = null;
  let service: MessageQueueService;
  let letters: DeadLetterService;

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
    client = redis?.client() ?? null;
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider, environment: 'test', prefix: 'size', board: { enabled: false } },
          ...(redis && { redis: { url: redis.url } }),
        }),
        MessageQueueModule.registerQueue(MAILS),
        MessageQueueModule.registerQueue(SEALED_MAILS),
      ],
      providers: [MailProcessor, SealedMailProcessor],
    });
    service = app.get(MessageQueueService);
    letters = app.get(DeadLetterService);
    queue = app.get(getQueueToken('mails'));
  });
  afterAll(async () => {
    await apps.close();
    client?.disconnect();
    await redis?.stop();
  });

  /** What a letter takes beside its payload, and what it logged. */
  async function bytesOf(id: string, { name }: { readonly name: string } = MAILS): Promise<number> {
    if (client !== null) {
      const key = `size:${name}:${id}`;
      const bytes = Number(await client.memory('USAGE', key, 'SAMPLES', 0));
      return bytes - Buffer.byteLength((await client.hget(key, 'data')) ?? '');
    }
    const { data: _, ...record } = (await service.getJob(name, id))!.toJSON();
    return Buffer.byteLength(JSON.stringify(record)) + 500;
  }

  const bury = async (
    payload: Omit<MailJobDto, 'text'>,
    attempts: number,
    mails: typeof MAILS | typeof SEALED_MAILS = MAILS,
  ): Promise<string> => {
    const { id } = await service.enqueue(
      mails,
      'mail',
      { text: 'x'.repeat(330), ...payload },
      {
        ...{ attempts, correlationId: 'c'.repeat(36), metadata: { tenant: 'acme' } },
      },
    );
    await waitUntil(async () => (await service.getJobStatus(mails.name, id)).state === 'failed', 'the end');
    return id;
  };

  it.each<[attempts: number, length: number]>([
    [1, 0],
    [3, 0],
    [5, 10],
    [5, 3_000],
    [20, 0],
    [20, 3_000],
    [200, 3_000],
  ])(
    `takes at most ${most} bytes beside its payload: %i attempts, long text %i times`,
    async (attempts, length) => {
      const id = await bury({ kind: 'error', length }, attempts);
      const bytes = await bytesOf(id);
      expect(bytes).toBeLessThanOrEqual(most);
      expect(bytes).toBeGreaterThan(800);

      const { failures, reason, error, attempts: made } = await letters.get('mails', id);
      expect([made, error, failures.at(-1)?.attempt]).toEqual([attempts, 'RangeError', attempts]);
      expect(reason).toContain(`ECONNREFUSED 10.0.0.7:5432 in attempt ${attempts}`);
      expect(failures.at(-1)?.stack).toMatch(
        /^at failDeeply \(test\/e2e\/dead-letter-size\.spec\.ts:\d+:\d+\)/,
      );
      expect(failures.length).toBeGreaterThanOrEqual(Math.min(attempts, 5));
      for (const failure of failures) {
        expect(failure).toMatchObject({
          kind: 'error',
          error: 'RangeError',
          at: expect.any(Number) as number,
        });
        expect(failure.message).toMatch(/^connect ECONNREFUSED/);
      }
    },
    20_000,
  );

  it.each(KINDS)(
    `takes at most ${most} bytes, whatever failed: %s`,
    async (kind) => {
      const id = await bury({ kind, length: 3_000 }, 6);
      expect(await bytesOf(id)).toBeLessThanOrEqual(most);
      const { reason, failures } = await letters.get('mails', id);
      expect(reason).toMatch(kind === 'result' ? /JSON/ : /ECONNREFUSED/);
      expect(failures.length).toBeGreaterThanOrEqual(kind === 'cancelled' || kind === 'result' ? 1 : 3);

      // Replayed again and again by somebody with a long name.
      for (let n = 1; n < 4; n++) {
        await letters.replay('mails', id, 'é'.repeat(100));
        await waitUntil(async () => (await service.getJobStatus('mails', id)).state === 'failed', 'the end');
      }
      expect(await bytesOf(id)).toBeLessThanOrEqual(most);
    },
    20_000,
  );

  it.each<(typeof KINDS)[number]>(['error', 'causes', 'text', 'cancelled'])(
    'takes at most 2 kB more when its queue is sealed, for the full text: %s',
    async (kind) => {
      const id = await bury({ kind, length: 3_000 }, 6, SEALED_MAILS);
      const { failures } = await letters.get('sealed-mails', id);
      expect(failures.map(({ sealed }) => sealed !== undefined)).toEqual([
        ...failures.slice(1).map(() => false),
        true,
      ]);
      expect(failures.at(-1)?.sealed?.length).toBeGreaterThan(1_900);
      expect(failures.at(-1)?.sealed?.length).toBeLessThanOrEqual(2_048);
      expect(await bytesOf(id, SEALED_MAILS)).toBeLessThanOrEqual(most + 2_048);
    },
    20_000,
  );

  it('keeps how far the job was, and the newest lines that it logged', async () => {
    const [far, told] = [
      await bury({ kind: 'progress', length: 1_000 }, 2),
      await bury({ kind: 'logs', length: 10 }, 2),
    ];
    expect((await queue.getJob(far))!.progress()).toEqual({ percentage: 40.5 });
    const { logs } = await queue.getJobLogs(told);
    expect(logs.at(-1)).toMatch(/^2 49 connect/);
    expect(logs.length).toBeGreaterThan(3);
    expect(Buffer.byteLength(logs.join(''))).toBeLessThanOrEqual(1_000);

    const { logs: long } = await queue.getJobLogs(await bury({ kind: 'logs', length: 1_000 }, 1));
    expect(long).toEqual([expect.stringMatching(/^1 49 connect ECONNREFUSED [^\uFFFD]*…$/)]);
    expect(Buffer.byteLength(long.join(''))).toBeLessThanOrEqual(1_000);
  }, 20_000);

  it('keeps the reason of who cancelled it before it ran', async () => {
    const { id } = await service.enqueue(
      MAILS,
      'mail',
      { text: '', kind: 'error', length: 0 },
      { delay: 60_000 },
    );
    await service.cancelJob('mails', id, 'é"'.repeat(250));
    expect(await bytesOf(id)).toBeLessThanOrEqual(most);
    expect((await letters.get('mails', id)).reason).toMatch(/^The job was cancelled: (é")+é?…$/);
  });
});
