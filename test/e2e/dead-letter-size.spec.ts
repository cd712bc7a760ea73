import { Processor } from '@nestjs/bull';
import { IsInt, IsString } from 'class-validator';
import type { Redis } from 'ioredis';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import { DeadLetterService } from '../../src/message-queue/operations/index.js';
import type { JobContext } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

/** What a dead letter may cost in Redis beside its payload, bytes. */
const MOST_BYTES = 2_048;

class MailJobDto {
  @IsString()
  text!: string;

  @IsString()
  error!: string;

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

function failDeeply(error: string, depth: number): never {
  if (depth > 0) return failDeeply(error, depth - 1);
  throw new RangeError(error);
}

@Processor('mails')
class MailProcessor {
  @JobHandler('mail')
  mail({ error, length }: MailJobDto, { attempt }: JobContext): void {
    failDeeply(`${error} in attempt ${attempt}: ${'é"\n'.repeat(length)}`, 30);
  }
}

describe('A dead letter in Redis', () => {
  const apps = new HostApps();
  let redis: TestRedis;
  let client: Redis;
  let service: MessageQueueService;
  let letters: DeadLetterService;

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = redis.client();
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider: 'redis', environment: 'test', prefix: 'size', board: { enabled: false } },
          redis: { url: `redis://127.0.0.1:${redis.port}` },
        }),
        MessageQueueModule.registerQueue(MAILS),
      ],
      providers: [MailProcessor],
    });
    service = app.get(MessageQueueService);
    letters = app.get(DeadLetterService);
  });
  afterAll(async () => {
    await apps.close();
    client.disconnect();
    await redis.stop();
  });

  it.each<[attempts: number, length: number]>([
    [1, 0],
    [3, 0],
    [5, 10],
    [5, 3_000],
    [20, 0],
    [20, 3_000],
    [200, 3_000],
  ])(
    `takes at most ${MOST_BYTES} bytes beside its payload: %i attempts, long text %i times`,
    async (attempts, length) => {
      const payload = { text: 'x'.repeat(330), error: 'connect ECONNREFUSED 10.0.0.7:5432', length };
      const { id } = await service.enqueue(MAILS, 'mail', payload, {
        ...{ attempts, correlationId: 'c'.repeat(36), metadata: { tenant: 'acme' } },
      });
      await waitUntil(async () => (await service.getJobStatus('mails', id)).state === 'failed', 'the end');
      const key = `size:mails:${id}`;
      const bytes = Number(await client.memory('USAGE', key, 'SAMPLES', 0));
      const stored = Buffer.byteLength((await client.hget(key, 'data')) ?? '');
      expect(bytes - stored).toBeLessThanOrEqual(MOST_BYTES);
      expect(bytes - stored).toBeGreaterThan(800);

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
});
