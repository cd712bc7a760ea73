import 'reflect-metadata';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../../src/message-queue/index.js';
import type { EnqueueOptions, FlowPolicy } from '../../src/message-queue/index.js';
import { MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import { chatMessage } from '../chat-message.js';
import { ChatMessageDto } from '../subjects/chat-message.dto.js';

/** More than any measurement adds. */
const NO_LIMIT = 100_000_000;
const CONCURRENCY = 50;
/** Adds that are under way at the same time. */
const ADDS_AT_ONCE = 50;
const JOB = 'send-message';

@Module({})
class GroupsBenchModule {}

/** What its jobs run: counts down to the last one. */
class Countdown {
  private left = 0;
  private done: () => void = () => undefined;

  /** @returns resolves after so many runs */
  from(runs: number): Promise<void> {
    this.left = runs;
    return new Promise((resolve) => (this.done = resolve));
  }

  tick(): void {
    this.left -= 1;
    if (this.left === 0) this.done();
  }
}

/** A host on Redis with one queue, whose handler does nothing. */
export class GroupHost {
  private constructor(
    readonly messageQueue: MessageQueueService,
    private readonly app: INestApplicationContext,
    private readonly queue: ReturnType<typeof definitionOf>,
    private readonly countdown: Countdown,
  ) {}

  /** Opens it. @param flow none: jobs of the queue have no groups */
  static async open(redisPort: number, name: string, flow?: FlowPolicy): Promise<GroupHost> {
    const countdown = new Countdown();
    const queue = definitionOf(name, flow);
    const host: DynamicModule = {
      module: GroupsBenchModule,
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider: 'redis', prefix: 'bench', redis: { host: '127.0.0.1', port: redisPort } },
          ...{ environment: 'test', autoStart: false, builtInQueues: false, enqueueTimeoutMs: 60_000 },
        }),
        MessageQueueModule.registerQueue(queue),
      ],
      providers: [processorOf(name, countdown)],
    };
    const app = await NestFactory.createApplicationContext(host, { logger: ['fatal'], abortOnError: false });
    return new GroupHost(app.get(MessageQueueService, { strict: false }), app, queue, countdown);
  }

  /** Adds so many jobs, as a busy producer does, and runs those that can run until `runs` have. */
  async play(jobs: number, optionsOf: (n: number) => EnqueueOptions | undefined): Promise<void> {
    const { messageQueue, queue, countdown, app } = this;
    let next = 0;
    const produce = async (): Promise<void> => {
      for (let n = next++; n < jobs; n = next++) {
        await messageQueue.enqueue(queue, JOB, chatMessage(n), optionsOf(n));
      }
    };
    await Promise.all(Array.from({ length: ADDS_AT_ONCE }, produce));
    const worker = app.get(MessageQueueWorker, { strict: false });
    const all = countdown.from(jobs);
    await worker.start();
    await all;
    await worker.stop();
  }

  /** Adds jobs to groups that are paused, so that they are held for as long as the host is open. */
  async hold(jobs: number, perGroup: number, groupOf: (n: number) => HeldGroup): Promise<void> {
    const { messageQueue, queue } = this;
    for (let first = 0; first < jobs; first += perGroup) {
      const { key, tenant } = groupOf(first / perGroup);
      const group = key === undefined ? { tenant: tenant ?? '' } : { key };
      await messageQueue.groups.pause(queue, group, 'held for the measurement');
      const count = Math.min(perGroup, jobs - first);
      const bulk = Array.from({ length: count }, (_, i) => ({
        payload: chatMessage(first + i),
        options: { key, tenant },
      }));
      const receipts = await messageQueue.enqueueMany(queue, JOB, bulk);
      const rejected = receipts.find((receipt) => 'error' in receipt);
      if (rejected !== undefined) throw rejected.error;
    }
    const held = (await messageQueue.getQueueMetrics()).queues[queue.name as never] as { held: number };
    if (held.held !== jobs) throw new Error(`${held.held} of ${jobs} jobs are held.`);
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

/** Where held jobs belong. */
export type HeldGroup = Pick<EnqueueOptions, 'key' | 'tenant'>;

function definitionOf(name: string, flow: FlowPolicy | undefined) {
  return defineQueue({
    name,
    description: 'Measured.',
    jobs: { [JOB]: ChatMessageDto },
    ...{ concurrency: CONCURRENCY, attempts: 5, timeoutMs: 30_000, maxWaiting: NO_LIMIT },
    backoff: { type: 'exponential', delayMs: 2_000 },
    flow,
  });
}

function processorOf(queueName: string, countdown: Countdown): Type<unknown> {
  @Processor(queueName)
  class GroupsBenchProcessor {
    @JobHandler(JOB)
    async send(): Promise<void> {
      countdown.tick();
    }
  }
  return GroupsBenchProcessor;
}
