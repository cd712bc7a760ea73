import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import type { Job } from 'bull';
import { IsString } from 'class-validator';
import {
  InMemoryAuditTrail,
  InMemoryDataKeyStore,
  InMemoryMessages,
} from '../../src/message-queue/adapters/in-memory/index.js';
import { AuditChain, Privacy } from '../../src/message-queue/operations/index.js';
import {
  defineQueue,
  JobHandler,
  KeyScope,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../../src/message-queue/index.js';
import type { JobContext } from '../../src/message-queue/index.js';
import { AuditTrail, DataKeyStore } from '../../src/message-queue/ports/index.js';
import { AppKeys } from '../../src/message-queue/privacy/keys/app-keys.js';
import type { StoredKeys } from '../../src/message-queue/privacy/keys/app-keys.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class NoteDto {
  @KeyScope('conversation') @IsString() conversationId!: string;
  @IsString() text!: string;
}

const NOTES = defineQueue({
  name: 'notes',
  description: 'Notes with content.',
  sealed: true,
  jobs: { read: NoteDto, tear: NoteDto },
  ...{ concurrency: 2, attempts: 2, backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 5_000 },
});
const PLAIN = defineQueue({ ...NOTES, name: 'plain', sealed: false, jobs: { read: NoteDto } });

const NOTE = { conversationId: 'c-1', text: 'Zoë has a fever' };
const WHY = { by: 'ada', reason: 'ticket-4711' };

@Processor(NOTES.name)
class NoteProcessor {
  @JobHandler(NOTES, 'read')
  async read({ text }: NoteDto, { progress }: JobContext): Promise<{ echo: string }> {
    await progress({ percentage: 50, step: 'reading', data: { echo: text } });
    return { echo: text };
  }

  @JobHandler(NOTES, 'tear')
  tear({ text }: NoteDto, { attempt }: JobContext): never {
    throw new Error(`cannot tear "${text}"`, { cause: new RangeError(`${attempt}: ${text}`) });
  }
}

@Processor(PLAIN.name)
class PlainProcessor {
  @JobHandler(PLAIN, 'read')
  read({ text }: NoteDto): { echo: string } {
    return { echo: text };
  }
}

/** A trail that can be away. */
class FlakyTrail extends InMemoryAuditTrail {
  isAway = false;

  override append(...record: Parameters<InMemoryAuditTrail['append']>): Promise<'appended' | 'conflict'> {
    return this.isAway ? Promise.reject(new Error('The audit is away.')) : super.append(...record);
  }
}

describe.each(['memory', 'redis'] as const)('A job that is revealed on %s', (provider) => {
  const apps = new HostApps();
  const trail = new FlakyTrail();
  const store = new InMemoryDataKeyStore(new InMemoryMessages());
  let redis: TestRedis | null = null;
  let app: INestApplication;
  let service: MessageQueueService;
  let privacy: Privacy;

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
    const place = redis === null ? {} : { redis: { url: redis.url }, prefix: `reveal-${randomUUID()}` };
    app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider, environment: 'test', ...place },
          adapters: [
            { provide: AuditTrail, useValue: trail },
            { provide: DataKeyStore, useValue: store },
          ],
        }),
        MessageQueueModule.registerQueue(NOTES),
        MessageQueueModule.registerQueue(PLAIN),
      ],
      providers: [NoteProcessor, PlainProcessor],
    });
    service = app.get(MessageQueueService);
    privacy = app.get(Privacy);
  });
  afterEach(() => {
    trail.isAway = false;
  });
  afterAll(async () => {
    await apps.close();
    await redis?.stop();
  });

  const added = async (job: 'read' | 'tear', state: string, note = NOTE): Promise<string> => {
    const { id } = await service.enqueue(NOTES, job, note);
    await waitUntil(
      async () => (await service.getJobStatus(NOTES.name, id)).state === state,
      `job ${id} to be ${state}`,
    );
    return id;
  };
  const jobOf = async (id: string): Promise<Job> => (await service.getJob(NOTES.name, id)) as Job;

  it('shows payload, result and progress', async () => {
    const id = await added('read', 'completed');
    expect(await privacy.revealJob(NOTES.name, id, WHY)).toEqual({
      ...{ queue: 'notes', job: 'read', id, payload: NOTE, result: { echo: NOTE.text } },
      progress: { percentage: 50, step: 'reading', data: { echo: NOTE.text } },
      failures: [],
    });
  });

  it('shows all that its last failure said, which nothing else tells, after a replay too', async () => {
    const id = await added('tear', 'failed');
    const told = JSON.stringify([(await jobOf(id)).toJSON(), await service.getFailedJobs(NOTES.name, 1)]);
    expect(told).toContain('cannot tear');
    expect(told).not.toContain('fever');
    const fullText = `Error: cannot tear "${NOTE.text}"\nCaused by RangeError: 2: ${NOTE.text}`;
    const failed = [{ message: 'cannot tear "[content]"', fullText: null }, { fullText }];
    const { payload, result, progress, failures } = await privacy.revealJob(NOTES.name, id, WHY);
    expect({ payload, result, progress }).toEqual({ payload: NOTE, result: null, progress: null });
    expect(failures).toMatchObject(failed);

    await service.retryFailedJob(NOTES.name, id);
    const replayed = async (): Promise<boolean> =>
      (await privacy.revealJob(NOTES.name, id, WHY)).failures.length === 4;
    await waitUntil(replayed, 'the replay to have failed');
    const after = (await privacy.revealJob(NOTES.name, id, WHY)).failures;
    expect(after.map((failure) => failure.fullText)).toEqual([null, null, null, fullText]);
  });

  it('shows one of a queue that seals nothing, and one that has not run', async () => {
    const { id } = await service.enqueue(PLAIN, 'read', NOTE, { delay: 86_400_000 });
    expect(await privacy.revealJob(PLAIN.name, id, WHY)).toMatchObject({
      payload: NOTE,
      result: null,
      failures: [],
    });
    const later = await service.enqueue(NOTES, 'read', NOTE, { delay: 86_400_000 });
    expect(await privacy.revealJob(NOTES.name, later.id, WHY)).toMatchObject({
      payload: NOTE,
      progress: null,
    });
  });

  it('is written to the audit before it is shown, with who and why', async () => {
    const id = await added('read', 'completed');
    const audit = app.get(AuditChain);
    await privacy.revealJob(NOTES.name, id, WHY);
    const { items } = await audit.list({ actions: ['reveal'], limit: 2 });
    const entry = {
      ...{ actor: 'ada', action: 'reveal', queue: 'notes', jobId: id, reason: 'ticket-4711' },
      target: await audit.target('job', `notes:${id}`),
    };
    expect(items).toMatchObject([
      { ...entry, phase: 'done' },
      { ...entry, phase: 'begun' },
    ]);
    expect((await audit.verify()).intact).toBe(true);
  });

  it('is not shown when that cannot be written down', async () => {
    const id = await added('read', 'completed');
    trail.isAway = true;
    await expect(privacy.revealJob(NOTES.name, id, WHY)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  });

  it.each<[what: string, call: unknown]>([
    ['no call', undefined],
    ['no reason', { by: 'ada' }],
    ['an empty one', { reason: '' }],
    ['prose', { reason: 'Because I want to' }],
    ['a long one', { reason: 'a'.repeat(65) }],
    ['a number', { reason: 4711 }],
  ])('is not shown for %s', async (_what, call) => {
    const id = await added('read', 'completed');
    await expect(privacy.revealJob(NOTES.name, id, call as typeof WHY)).rejects.toMatchObject({
      code: 'INVALID_AUDIT_ENTRY',
    });
  });

  it('is not shown when there is none', async () => {
    await expect(privacy.revealJob(NOTES.name, 'nobody', WHY)).rejects.toMatchObject({
      code: 'JOB_NOT_FOUND',
    });
    await expect(privacy.revealJob('none', 'x', WHY)).rejects.toMatchObject({ code: 'UNKNOWN_QUEUE' });
  });

  it('is not shown once its key was destroyed, the failure neither', async () => {
    const id = await added('tear', 'failed', { ...NOTE, conversationId: 'c-gone' });
    const { dataKeys } = app.get(AppKeys, { strict: false }).stored as StoredKeys;
    const hash = await dataKeys.digest('conversation:c-gone');
    await store.destroy({ scopeHash: hash, conversationId: 'c-gone', at: new Date(), receiptId: 'r-1' });
    dataKeys.forget(hash);
    await expect(privacy.revealJob(NOTES.name, id, WHY)).rejects.toMatchObject({ code: 'SCOPE_SHREDDED' });
  });
});
