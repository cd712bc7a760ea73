import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import type { JobCounts, Queue } from 'bull';
import { IsString } from 'class-validator';
import { InMemoryAuditTrail } from '../../src/message-queue/adapters/in-memory/index.js';
import {
  defineQueue,
  getQueueToken,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../../src/message-queue/index.js';
import {
  AuditChain,
  DeadLetterService,
  MessageQueueWorker,
} from '../../src/message-queue/operations/index.js';
import { AuditTrail } from '../../src/message-queue/ports/index.js';
import type { AuditAction, AuditRecord } from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class NoteDto {
  @IsString() text!: string;
}

const NOTES = defineQueue({
  name: 'notes',
  description: 'Jobs of a test.',
  jobs: { tear: NoteDto },
  ...{ concurrency: 5, attempts: 1, backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 5_000 },
});
const OTHERS = defineQueue({ ...NOTES, name: 'others' });

const TOMORROW = { delay: 86_400_000 };
const WHO = { by: 'ada', reason: 'ticket-4711' };

@Processor(NOTES.name)
class NoteProcessor {
  @JobHandler(NOTES, 'tear')
  tear({ text }: NoteDto): void {
    if (text === 'torn') throw new Error('It is torn.');
  }
}

@Processor(OTHERS.name)
class OtherProcessor {
  @JobHandler(OTHERS, 'tear')
  tear(): never {
    throw new Error('It is torn.');
  }
}

/** A trail that can be away. */
class FlakyTrail extends InMemoryAuditTrail {
  isAway = false;

  override append(...entry: Parameters<InMemoryAuditTrail['append']>): Promise<'appended' | 'conflict'> {
    return this.isAway ? Promise.reject(new Error('The audit is away.')) : super.append(...entry);
  }
}

/** What is done, and how it stands in the audit. */
interface Act {
  readonly action: AuditAction;
  /** How many it was. */
  readonly count: number | null;
  /** Whether it is to one job. */
  readonly ofJob: boolean;
  /** A place of the queue that shows whether it was done. */
  readonly counted: 'failed' | 'delayed' | 'completed';
  readonly act: (jobs: Jobs) => Promise<unknown>;
}

interface Jobs {
  readonly service: MessageQueueService;
  readonly letters: DeadLetterService;
  readonly dead: readonly string[];
  readonly delayed: readonly string[];
}

const QUEUE = NOTES.name;
const FINAL: Readonly<Record<string, Act>> = {
  'replay of one': {
    ...{ action: 'replay', count: null, ofJob: true, counted: 'failed' },
    act: ({ service, dead }) => service.retryFailedJob(QUEUE, dead[0] as string, WHO.by, WHO.reason),
  },
  'replay of many': {
    ...{ action: 'replay', count: 2, ofJob: false, counted: 'failed' },
    act: ({ service }) => service.retryFailedJobs(QUEUE, {}, WHO),
  },
  'discard of one': {
    ...{ action: 'discard', count: null, ofJob: true, counted: 'failed' },
    act: ({ service, dead }) => service.removeFailedJob(QUEUE, dead[0] as string, WHO),
  },
  'discard of many': {
    ...{ action: 'discard', count: 2, ofJob: false, counted: 'failed' },
    act: ({ letters }) => letters.discardMatching({ queue: QUEUE }, WHO),
  },
  'clean of dead letters': {
    ...{ action: 'discard', count: 2, ofJob: false, counted: 'failed' },
    act: ({ service }) => service.cleanQueue(QUEUE, { state: 'failed' }, WHO),
  },
  'clean of completed jobs': {
    ...{ action: 'purge', count: 1, ofJob: false, counted: 'completed' },
    act: ({ service }) => service.cleanQueue(QUEUE, {}, WHO),
  },
  purge: {
    ...{ action: 'purge', count: 2, ofJob: false, counted: 'delayed' },
    act: ({ service }) => service.purgeQueue(QUEUE, WHO),
  },
  cancel: {
    ...{ action: 'cancel', count: null, ofJob: true, counted: 'delayed' },
    act: ({ service, delayed }) => service.cancelJob(QUEUE, delayed[0] as string, 'changed their mind', WHO),
  },
};

describe.each(['memory', 'redis'] as const)('The audit of what is done to jobs on %s', (provider) => {
  const apps = new HostApps();
  let trail: FlakyTrail;
  let redis: TestRedis | null = null;
  let app: INestApplication;
  let audit: AuditChain;
  let jobs: Jobs;

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
  });
  beforeEach(async () => {
    trail = new FlakyTrail();
    const place = redis === null ? {} : { redis: { url: redis.url }, prefix: `audit-${randomUUID()}` };
    app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider, environment: 'test', ...place },
          adapters: [{ provide: AuditTrail, useValue: trail }],
        }),
        MessageQueueModule.registerQueue(NOTES),
        MessageQueueModule.registerQueue(OTHERS),
      ],
      providers: [NoteProcessor, OtherProcessor],
    });
    audit = app.get(AuditChain);
    const service = app.get(MessageQueueService);
    const add = async (text: string, options = {}): Promise<string> =>
      (await service.enqueue(NOTES, 'tear', { text }, options)).id;
    const dead = [await add('torn'), await add('torn')];
    await add('whole');
    const ended = async (): Promise<boolean> => {
      const { failed, completed } = await counts();
      return failed === 2 && completed === 1;
    };
    await waitUntil(ended, 'the jobs to end');
    await app.get(MessageQueueWorker).stop();
    const delayed = [await add('later', TOMORROW), await add('later', TOMORROW)];
    jobs = { service, letters: app.get(DeadLetterService), dead, delayed };
  });
  afterEach(() => apps.close());
  afterAll(() => redis?.stop());

  const queueOf = (): Queue => app.get<Queue>(getQueueToken(QUEUE));
  const counts = (): Promise<JobCounts> => queueOf().getJobCounts();

  /** The entries so far, the oldest first. */
  const entries = async (): Promise<AuditRecord[]> => (await audit.list({ limit: 100 })).items.toReversed();
  const targetOf = ({ action, ofJob }: Act): Promise<unknown> => {
    const id = action === 'cancel' ? jobs.delayed[0] : jobs.dead[0];
    return ofJob ? audit.target('job', `${QUEUE}:${id}`) : audit.target('queue', QUEUE);
  };

  it.each(Object.entries(FINAL))(
    'has its beginning and its end, who, why and how many: %s',
    async (_what, act) => {
      await act.act(jobs);
      const entry = {
        ...{ actor: WHO.by, reason: WHO.reason, action: act.action, queue: QUEUE },
        target: await targetOf(act),
        jobId: act.ofJob ? (expect.any(String) as string) : null,
      };
      expect(await entries()).toMatchObject([
        { ...entry, phase: 'begun' },
        { ...entry, phase: 'done', count: act.count },
      ]);
      expect((await audit.verify()).intact).toBe(true);
    },
  );

  it.each(Object.entries(FINAL))('refuses what it cannot take: %s', async (_what, { act, counted }) => {
    const before = (await counts())[counted];
    expect(before).toBeGreaterThan(0);
    trail.isAway = true;
    await expect(act(jobs)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect((await counts())[counted]).toBe(before);

    const { id } = await jobs.service.enqueue(NOTES, 'tear', { text: 'sent all the same' }, TOMORROW);
    expect(await jobs.service.getJob(QUEUE, id)).not.toBeNull();
  });

  it('has pauses, and refuses none', async () => {
    await jobs.service.pauseQueue(QUEUE, WHO);
    await jobs.service.resumeQueue(QUEUE);
    const target = await audit.target('queue', QUEUE);
    expect(await entries()).toMatchObject([
      { action: 'pause', phase: 'done', actor: 'ada', reason: 'ticket-4711', target, queue: QUEUE },
      { action: 'resume', phase: 'done', actor: 'app', reason: null, target, queue: QUEUE },
    ]);
    trail.isAway = true;
    await jobs.service.pauseQueue(QUEUE);
    expect(await queueOf().isPaused()).toBe(true);
    expect(await entries()).toHaveLength(2);
  });

  it('has one entry of many queues, none of a dry run, and none of an add', async () => {
    await jobs.letters.replayAll({ ...WHO, dryRun: true });
    expect(await entries()).toEqual([]);
    const queues = [QUEUE, OTHERS.name];
    await jobs.letters.replayMatching({ queue: queues }, WHO);
    const target = await audit.target('queue', 'notes,others');
    expect(await entries()).toMatchObject([
      { action: 'replay', phase: 'begun', target, queue: null },
      { action: 'replay', phase: 'done', target, queue: null, count: 2 },
    ]);
  });

  it('says that a call failed', async () => {
    await expect(jobs.service.removeFailedJob(QUEUE, 'none', WHO)).rejects.toMatchObject({
      code: 'JOB_NOT_FOUND',
    });
    expect((await entries()).map(({ phase }) => phase)).toEqual(['begun', 'failed']);
  });

  it('takes codes as reasons, and refuses what comes with prose', async () => {
    const prose = { by: 'ada', reason: 'Because I want to' };
    await expect(jobs.service.purgeQueue(QUEUE, prose)).rejects.toMatchObject({
      code: 'INVALID_AUDIT_ENTRY',
    });
    expect((await counts()).delayed).toBe(2);
  });
});
