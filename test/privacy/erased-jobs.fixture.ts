import { Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import type { Job, Queue } from 'bull';
import { IsIn, IsOptional, IsString } from 'class-validator';
import { InMemoryDataKeyStore, InMemoryMessages } from '../../src/message-queue/adapters/in-memory/index.js';
import { RegisteredQueues } from '../../src/message-queue/broker/registry/registered-queues.js';
import {
  defineQueue,
  getQueueToken,
  Identifies,
  JobEvents,
  JobHandler,
  KeyScope,
  MessageQueueModule,
  MessageQueueService,
  Processor,
  Readable,
} from '../../src/message-queue/index.js';
import type {
  JobContext,
  JobEnd,
  JobEndListener,
  MessageQueueModuleOptions,
} from '../../src/message-queue/index.js';
import { DataKeyStore } from '../../src/message-queue/ports/index.js';
import { AppKeys } from '../../src/message-queue/privacy/keys/app-keys.js';
import type { StoredKeys } from '../../src/message-queue/privacy/keys/app-keys.js';
import { JobTraces } from '../../src/message-queue/privacy/job-traces/job-traces.js';
import { HostApps } from '../support/host-app.js';
import { waitUntil } from '../support/wait-until.js';

const HOUR_MS = 3_600_000;

export class NoteDto {
  @Identifies('message') @IsString() noteId!: string;
  @Identifies('subject') @IsString() authorId!: string;
  @KeyScope('conversation') @IsOptional() @IsString() conversationId?: string;
  @Readable() @IsOptional() @IsString() createdAt?: string;
  @IsIn(['end', 'fail', 'wait']) how!: 'end' | 'fail' | 'wait';
}

export const NOTES = defineQueue({
  name: 'notes',
  description: 'Notes that people write.',
  sealed: true,
  jobs: { keep: NoteDto },
  ...{ concurrency: 4, attempts: 2, backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 60_000 },
});

/** Jobs of one conversation, one in each state. */
export interface JobsInAllStates {
  readonly done: string;
  readonly dead: string;
  readonly active: string;
  readonly waiting: string;
  readonly delayed: string;
  /** The planned run of a schedule. */
  readonly planned: string;
}

/** What jobs did, by the ids of their notes. */
interface Seen {
  readonly began: string[];
  readonly aborted: unknown[];
  readonly ends: JobEnd[];
  readonly retried: string[];
}

/** An app with jobs of conversations in all states, and a store whose keys can be destroyed. */
export class ErasedJobsStage {
  readonly seen: Seen = { began: [], aborted: [], ends: [], retried: [] };
  private readonly apps = new HostApps();
  private notes = 0;
  private letGo = (): void => undefined;
  /** Handlers that wait go on. */
  readonly released = new Promise<void>((resolve) => (this.letGo = resolve));
  app!: INestApplication;
  queue!: Queue<NoteDto>;

  constructor(readonly store = new InMemoryDataKeyStore(new InMemoryMessages())) {}

  async start(options: MessageQueueModuleOptions): Promise<void> {
    const { seen, released } = this;
    @Processor(NOTES.name)
    class NoteProcessor implements JobEndListener {
      @JobHandler(NOTES, 'keep')
      async keep({ noteId, how }: NoteDto, { signal }: JobContext): Promise<{ kept: string }> {
        seen.began.push(noteId);
        if (how === 'fail') throw new Error('It is not kept.');
        if (how === 'end') return { kept: noteId };
        signal.addEventListener('abort', () => void seen.aborted.push(signal.reason));
        await Promise.race([released, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
        // Whatever it does by now.
        if (signal.aborted) throw new Error('It was disturbed.');
        return { kept: noteId };
      }

      onJobEnd(end: JobEnd): void {
        seen.ends.push(end);
      }
    }
    @Module({ imports: [MessageQueueModule.registerQueue(NOTES)], providers: [NoteProcessor] })
    class NotesModule {}
    const adapters = [{ provide: DataKeyStore, useValue: this.store }];
    const root = MessageQueueModule.forRoot({ environment: 'test', adapters, ...options });
    this.app = await this.apps.start({ imports: [root, NotesModule] });
    this.queue = this.app.get<Queue<NoteDto>>(getQueueToken(NOTES.name));
    this.app.get(JobEvents).on('retrying', ({ jobId }) => void seen.retried.push(jobId));
  }

  get traces(): JobTraces {
    return this.app.get(JobTraces);
  }

  async add(note: Partial<NoteDto>, options: object = {}): Promise<string> {
    const payload = { noteId: `n-${(this.notes += 1)}`, authorId: 'ann', how: 'end' as const, ...note };
    return (await this.app.get(MessageQueueService).enqueue(NOTES, 'keep', payload, options)).id;
  }

  /** Adds one job for each state and conversation. Pauses the queue; what is active goes on. */
  async addAll(...conversations: string[]): Promise<JobsInAllStates[]> {
    const jobs: Omit<JobsInAllStates, 'waiting' | 'delayed' | 'planned'>[] = [];
    for (const conversationId of conversations) {
      const done = await this.add({ conversationId });
      const dead = await this.add({ conversationId, how: 'fail' });
      const active = await this.add({ conversationId, how: 'wait' });
      await this.untilState(done, 'completed');
      await this.untilState(dead, 'failed');
      await this.untilState(active, 'active');
      jobs.push({ done, dead, active });
    }
    await this.queue.pause();
    const all: JobsInAllStates[] = [];
    for (const [index, conversationId] of conversations.entries()) {
      const waiting = await this.add({ conversationId });
      const delayed = await this.add({ conversationId }, { delay: HOUR_MS });
      const planned = await this.add({ conversationId }, { repeat: { every: HOUR_MS + index } });
      all.push({ ...(jobs[index] as (typeof jobs)[number]), waiting, delayed, planned });
    }
    return all;
  }

  /** Destroys the keys of a conversation, as an erasure begins. */
  async destroyKeys(conversationId: string): Promise<void> {
    const { dataKeys } = this.app.get(AppKeys, { strict: false }).stored as StoredKeys;
    const scopeHash = await dataKeys.digest(`conversation:${conversationId}`);
    await this.store.destroy({ scopeHash, conversationId, at: new Date(), receiptId: 'r-1' });
    dataKeys.forget(scopeHash);
  }

  /** Handlers that wait go on. */
  release(): void {
    this.letGo();
  }

  async job(id: string): Promise<Job<NoteDto> | null> {
    return this.queue.getJob(id);
  }

  async untilState(id: string, state: string): Promise<void> {
    await waitUntil(async () => (await (await this.job(id))?.getState()) === state, `${id} to be ${state}`);
  }

  /** Of those jobs that are still there. */
  async statesOf(jobs: JobsInAllStates): Promise<Partial<JobsInAllStates>> {
    const states = await Promise.all(
      Object.entries(jobs).map(async ([name, id]) => [
        name,
        await (await this.job(id as string))?.getState(),
      ]),
    );
    return Object.fromEntries(states.filter(([, state]) => state !== undefined)) as Partial<JobsInAllStates>;
  }

  /** Payloads of the schedules. */
  async schedules(): Promise<NoteDto[]> {
    const { broker, queue } = this.app.get(RegisteredQueues, { strict: false }).get(NOTES.name);
    const looks = await broker.schedulesOf(queue).look();
    return looks.map(({ schedule }) => JSON.parse(schedule.record?.data ?? 'null') as NoteDto);
  }

  /** Ends that were told, by job. */
  outcomes(...ids: string[]): string[][] {
    return ids.map((id) => this.seen.ends.filter(({ jobId }) => jobId === id).map(({ outcome }) => outcome));
  }

  close(): Promise<void> {
    return this.apps.close();
  }
}
