import { randomUUID } from 'node:crypto';
import { Processor, getQueueToken } from '@nestjs/bull';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import type { Queue } from 'bull';
import { IsString } from 'class-validator';
import { TestRedis } from '../../../test/support/redis-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import type { ProviderName } from '../broker/broker.js';
import { JobEvents } from '../jobs/events/job-events.js';
import { JobHandler } from '../handlers/job-handler.decorator.js';
import type { JobContext } from '../handlers/job-context.js';
import { defineQueue } from '../jobs/queue-definition.js';
import { MessageQueueModule } from '../message-queue.module.js';
import { QueueMonitor } from '../monitoring/queue-monitor.js';
import { CircuitBreakers } from '../ports/circuit-breakers.js';

class MailPayload {
  @IsString()
  to!: string;
}

const MAILING = defineQueue({
  name: 'mailing',
  description: 'Sends by two channels.',
  jobs: { mail: MailPayload, push: MailPayload },
  concurrency: 5,
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 50 },
  timeoutMs: 5_000,
});
const mute = (): jest.Mock<undefined, [string]> => jest.fn<undefined, [string]>();
const SILENT = { log: mute(), error: mute(), warn: mute() };
const HALF_OPEN_AFTER_MS = 300;

@Processor('mailing')
class MailingProcessor {
  isDown = true;
  calls = 0;
  runs = 0;

  constructor(private readonly breakers: CircuitBreakers) {}

  @JobHandler('mail')
  async mail(_payload: MailPayload, { signal }: JobContext): Promise<void> {
    this.runs += 1;
    await this.breakers.run('smtp', () => this.send(), { signal });
  }

  @JobHandler('push')
  async push(_payload: MailPayload, { signal }: JobContext): Promise<void> {
    await this.breakers.run('push', () => Promise.resolve(), { signal });
  }

  private send(): Promise<void> {
    this.calls += 1;
    return this.isDown
      ? Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }))
      : Promise.resolve();
  }
}

describe.each<ProviderName>(['memory', 'redis'])('Jobs of an open circuit on %s', (provider) => {
  let redis: TestRedis | null = null;
  let app: TestingModule;
  let queue: Queue;
  let processor: MailingProcessor;

  beforeAll(async () => {
    jest.clearAllMocks();
    redis = provider === 'redis' ? await TestRedis.start() : null;
    const place = redis ? { redis: { url: redis.url }, prefix: randomUUID() } : {};
    app = await Test.createTestingModule({
      imports: [
        MessageQueueModule.forRoot({
          provider,
          environment: 'test',
          circuitBreakers: { failureThreshold: 2, halfOpenAfterMs: HALF_OPEN_AFTER_MS },
          ...place,
        }),
        MessageQueueModule.registerQueue(MAILING),
      ],
      providers: [MailingProcessor],
    })
      .setLogger(SILENT)
      .compile();
    await app.init();
    queue = app.get<Queue>(getQueueToken('mailing'), { strict: false });
    processor = app.get(MailingProcessor);
  });
  afterAll(async () => {
    await app.close();
    await redis?.stop();
  });

  it('wait without spending attempts or running in circles, while other channels flow', async () => {
    const states: string[] = [];
    app
      .get(JobEvents, { strict: false })
      .on('breaker', ({ dependency, state }) => void states.push(`${dependency} ${state}`));
    // One after the other, so that the first two open the circuit for the rest.
    await queue.add('mail', { to: 'ann' }, { attempts: 50 });
    await waitUntil(() => states.includes('smtp OPEN'), 'the circuit to open');
    await queue.addBulk(Array.from({ length: 30 }, () => ({ name: 'mail', data: { to: 'ann' } })));
    await queue.addBulk(Array.from({ length: 20 }, () => ({ name: 'push', data: { to: 'ann' } })));
    await waitUntil(async () => (await queue.getCompletedCount()) === 20, 'the other channel to flow');

    const probed = (): number => states.filter((state) => state === 'smtp HALF_OPEN').length;
    await waitUntil(() => probed() >= 2, 'two probes');
    const health = await app.get(QueueMonitor, { strict: false }).health('mailing');
    expect(health.reasons.map(({ code }) => code)).toContain('BREAKER_OPEN');
    // Two calls opened it, and each probe was one more.
    expect(processor.calls).toBeLessThanOrEqual(2 + probed());
    // A job looks at the circuit at most about twice per opening.
    expect(processor.runs).toBeLessThanOrEqual(31 * 2 * (probed() + 2));
    expect(await queue.getFailedCount()).toBe(0);

    processor.isDown = false;
    await waitUntil(async () => (await queue.getCompletedCount()) === 51, 'all mails to be sent');
    expect(states.at(-1)).toBe('smtp CLOSED');
    const jobs = await queue.getCompleted();
    const spent = jobs.reduce((sum, job) => sum + job.attemptsMade, 0);
    expect(spent).toBeLessThanOrEqual(processor.calls - 31);

    const said = (log: jest.Mock<undefined, [string]>): string[] =>
      log.mock.calls.map(([line]) => line).filter((line) => line.startsWith('"smtp"'));
    expect(said(SILENT.warn)).toEqual([
      expect.stringMatching(/no longer called after 2 failure.s. .*ECONNREFUSED.*tried again in \d+ ms/),
    ]);
    expect(said(SILENT.log)).toEqual([expect.stringMatching(/answers again/)]);
  });
});
