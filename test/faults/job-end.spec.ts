import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { INestApplication } from '@nestjs/common';
import { JobExecutor } from '../../src/message-queue/execution/job-executor.js';
import { MessageQueueModule, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { InMemoryMessages, InMemoryMessageStore } from '../../src/message-queue/adapters/in-memory/index.js';
import { TakenJob } from '../../src/message-queue/jobs/taken-job.js';
import { DELIVERY_QUEUE } from '../../src/message-queue/queues/delivery/delivery.queue.js';
import { MessageStore, MessageTransport } from '../../src/message-queue/ports/index.js';
import { recorded } from '../../src/message-queue/testing/recorded.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { workerScript } from './process/worker-script.js';

const message = {
  ...{ messageId: 'm-1', senderId: 'ada', recipientId: 'ben', conversationId: 'c-1' },
  ...{ content: 'meet me at the harbour', createdAt: new Date() },
};

class BrokenTransport extends MessageTransport {
  override deliver(): Promise<never> {
    return Promise.reject(Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' }));
  }
}

/** Crashes that make a dead letter, by default. */
const MAX_CRASHES = 3;

let prefixes = 0;

describe.each(['memory', 'redis'] as const)('the status of a message whose job ends on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis;
  let prefix: string;

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  beforeEach(() => {
    prefix = `end-${(prefixes += 1)}`;
  });
  afterEach(() => apps.close());
  afterAll(() => redis.stop());

  async function start(options: MessageQueueModuleOptions = {}): Promise<{
    app: INestApplication;
    service: MessageQueueService;
    failures: () => unknown[];
    reason: () => Promise<string>;
  }> {
    const store = recorded(new InMemoryMessageStore(new InMemoryMessages()));
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ environment: 'test', provider, prefix, maxCrashes: MAX_CRASHES },
          redis: { host: '127.0.0.1', port: redis.port },
          lock: { durationMs: 1_000, renewMs: 250, stalledCheckMs: 200 },
          adapters: [
            { provide: MessageStore, useValue: store },
            { provide: MessageTransport, useClass: BrokenTransport },
          ],
          queues: { 'message-delivery': { backoff: { type: 'fixed', delayMs: 60_000 } } },
          ...options,
        }),
      ],
    });
    const failures = (): unknown[] =>
      store.recorder
        .callsOf('advanceStatus')
        .filter(({ args }) => (args[0] as { status: string }).status === 'failed');
    const reason = async (): Promise<string> => {
      const found = await waitUntil(async () => {
        const status = await store.findStatus('m-1', 'ben');
        return status?.status === 'failed' ? status : null;
      }, 'the status to be failed');
      return found.failureReason ?? '';
    };
    return { app, service: app.get(MessageQueueService), failures, reason };
  }

  const stateOf = async (service: MessageQueueService, id: string): Promise<unknown> =>
    (await service.getJob(QueueName.MESSAGE_DELIVERY, id))?.getState();

  it('is "failed" with the reason, once, when it is cancelled between two tries', async () => {
    const { service, failures, reason } = await start();
    const { id } = await service.addMessageDeliveryJob(message);
    await waitUntil(async () => (await stateOf(service, id)) === 'delayed', 'the retry to wait');
    expect(failures()).toEqual([]);
    expect(await service.cancelJob(QueueName.MESSAGE_DELIVERY, id, 'taken back')).toBe('removed');
    expect(await reason()).toBe('JOB_CANCELLED: The job was cancelled: taken back');
    expect(await service.cancelJob(QueueName.MESSAGE_DELIVERY, id, 'again')).toBe('finished');
    // Once for a message that is stored.
    expect(failures()).toHaveLength(1);
  });

  it('is "failed" when a process that runs no jobs cancels it while it waits for its first run', async () => {
    const { service, reason } = await start({ role: 'producer' });
    const { id } = await service.addMessageDeliveryJob(message, { delay: 60_000 });
    expect(await service.cancelJob(QueueName.MESSAGE_DELIVERY, id, 'taken back')).toBe('removed');
    expect(await reason()).toBe('JOB_CANCELLED: The job was cancelled: taken back');
  });

  it('is "failed" with the reason, once, when its job becomes a dead letter', async () => {
    const { service, failures, reason } = await start();
    await service.addMessageDeliveryJob(message, { attempts: 1 });
    expect(await reason()).toBe('Error (EHOSTUNREACH)');
    expect(failures()).toHaveLength(1);
  });

  it('is "failed" with the reason, once, when its job killed its worker until it was a crash loop', async () => {
    if (provider === 'memory') {
      // A job in memory dies with its process: what the executor makes of one with as many crashes.
      const { app, service, reason } = await start({ autoStart: false });
      const { id } = await service.addMessageDeliveryJob(message);
      const job = await service.getJob(QueueName.MESSAGE_DELIVERY, id);
      const crash = { at: 1, attempt: 1, kind: 'crash', error: 'WorkerCrashed', message: 'gone' } as const;
      const taken = new TakenJob(job as never, Array(MAX_CRASHES).fill(crash));
      await app.get(JobExecutor).run(taken, DELIVERY_QUEUE);
      taken.noteStored(true);
      expect(await reason()).toMatch(/^CRASH_LOOP: /);
      return;
    }
    const { service, failures } = await start({ autoStart: false });
    const { id } = await service.addMessageDeliveryJob(message);
    const script = workerScript('crashing-host');
    try {
      const env = { ...process.env, NODE_PATH: script.nodePath };
      for (let crashes = 0; crashes < MAX_CRASHES; crashes++) {
        const child = fork(script.file, [JSON.stringify({ port: redis.port, prefix })], {
          env,
          execArgv: [],
        });
        const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
        expect(signal).toBe('SIGKILL');
      }
    } finally {
      script.remove();
    }
    const survivor = await start();
    expect(await survivor.reason()).toMatch(/^CRASH_LOOP: .* 3 times/);
    expect(await stateOf(service, id)).toBe('failed');
    // The store here has not seen the message before: its status is set once it is saved.
    expect(survivor.failures()).toHaveLength(2);
    expect(failures()).toEqual([]);
  }, 60_000);
});
