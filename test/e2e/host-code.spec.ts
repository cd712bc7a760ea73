import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import type { INestApplication, LoggerService } from '@nestjs/common';
import {
  OnGlobalQueueCompleted,
  OnQueueActive,
  OnQueueCompleted,
  OnQueueFailed,
  Processor,
} from '@nestjs/bull';
import { IsString } from 'class-validator';
import {
  defineQueue,
  JobEvents,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import type { JobContext, JobEndListener } from '../../src/message-queue/index.js';
import { DeadLetterNotifier } from '../../src/message-queue/operations/index.js';
import { CircuitBreakers } from '../../src/message-queue/ports/index.js';
import { HostCode } from '../../src/kernel/host/host-code.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class NoteJobDto {
  @IsString()
  text!: string;
}

const NOTES = defineQueue({
  name: 'notes',
  description: 'Jobs of a test.',
  jobs: { note: NoteJobDto },
  concurrency: 2,
  attempts: 1,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 30_000,
});

@Processor('notes')
class NotesProcessor implements JobEndListener {
  @JobHandler('note')
  async note({ text }: NoteJobDto, { signal }: JobContext): Promise<string> {
    if (text === 'fails') throw new Error('no');
    if (text === 'stops') {
      signal.addEventListener('abort', () => {
        throw new Error('abort');
      });
      signal.onabort = () => Promise.reject(new Error('onabort'));
      await once(signal, 'abort');
    }
    return text;
  }

  onJobEnd(): Promise<void> {
    return Promise.reject(new Error('onJobEnd'));
  }

  @OnQueueActive()
  onActive(): void {
    throw new Error('active');
  }

  @OnQueueCompleted()
  async onCompleted(): Promise<void> {
    throw new Error('completed');
  }

  @OnQueueFailed()
  async onFailed(): Promise<void> {
    throw new Error('failed');
  }

  @OnGlobalQueueCompleted()
  async onGlobal(): Promise<void> {
    throw new Error('global');
  }
}

class BrokenNotifier extends DeadLetterNotifier {
  notify(): Promise<void> {
    return Promise.reject(new Error('pager'));
  }
}

class BrokenBreakers extends CircuitBreakers {
  run<T>(_dependency: string, call: () => Promise<T>): Promise<T> {
    return call();
  }

  statuses(): never {
    throw new Error('no statuses');
  }
}

/** Every line of it fails, one way or the other. */
const brokenLogger: LoggerService = {
  log: () => {
    throw new Error('log');
  },
  error: () => Promise.reject(new Error('error')),
  warn: () => Promise.reject(new Error('warn')),
};

describe('Code of a host that fails beside its handlers', () => {
  const apps = new HostApps();
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await TestRedis.start();
    process.on('unhandledRejection', note);
    process.on('uncaughtException', note);
  });
  afterAll(async () => {
    process.off('unhandledRejection', note);
    process.off('uncaughtException', note);
    await redis.stop();
  });

  afterEach(() => apps.close());

  const host = (provider: 'memory' | 'redis'): Promise<INestApplication> =>
    apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider,
          environment: 'test',
          builtInQueues: false,
          ...(provider === 'redis' && { redis: { url: redis.url } }),
          adapters: [
            { provide: DeadLetterNotifier, useClass: BrokenNotifier },
            { provide: CircuitBreakers, useClass: BrokenBreakers },
          ],
        }),
        MessageQueueModule.registerQueue(NOTES),
      ],
      providers: [NotesProcessor],
    });

  it.each(['memory', 'redis'] as const)(
    'changes no job and ends no process on %s, and is seen in health and metrics',
    async (provider) => {
      const app = await host(provider);
      const service = app.get(MessageQueueService);
      app.get(JobEvents).on('active', () => Promise.reject(new Error('active')));
      const told = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
      Logger.overrideLogger(brokenLogger);
      const { id: good } = await service.enqueue(NOTES, 'note', { text: 'succeeds' });
      const { id: bad } = await service.enqueue(NOTES, 'note', { text: 'fails' });
      const { id: late } = await service.enqueue(NOTES, 'note', { text: 'stops' }, { timeoutMs: 50 });
      const stateOf = async (id: string): Promise<string> => (await service.getJobStatus('notes', id)).state;
      await waitUntil(async () => (await stateOf(good)) === 'completed', 'the good job to complete');
      await waitUntil(async () => (await stateOf(bad)) === 'failed', 'the bad job to fail');
      await waitUntil(async () => (await stateOf(late)) === 'failed', 'the late job to fail');
      const failures = async (): Promise<number> =>
        (await service.getQueueHealth('notes')).stats!.hostFailures;
      await waitUntil(async () => (await failures()) >= 16, 'all failures to be counted');
      const { reasons } = await service.getQueueHealth('notes');
      const reason: unknown = expect.objectContaining({ code: 'HOST_CODE_FAILED', severity: 'degraded' });
      expect(reasons).toContainEqual(reason);
      const { recent } = app.get(HostCode, { strict: false }).failuresOf('notes', 60_000);
      expect(recent).toContain('a listener on the signal of NotesProcessor.note');
      await apps.close();
      told.mockRestore();
      expect(unhandled).toEqual([]);
    },
  );
});
