import { Queue, Worker } from 'bullmq';
import type { JobsOptions } from 'bullmq';
import { Redis } from 'ioredis';
import type { ChatMessage } from '../chat-message.js';
import type { AddOptions, BenchQueue, HostRequest, Subject } from '../subject.js';
import { countCalls } from './count-calls.js';

const JOB = 'send-message';

function optionsOf({ level, key }: AddOptions, { attempts }: HostRequest): JobsOptions {
  return {
    ...(level !== undefined && { priority: level }),
    ...(key !== undefined && { jobId: key }),
    ...(attempts !== null && { attempts }),
  };
}

function benchQueue(queue: Queue<ChatMessage>, request: HostRequest): BenchQueue {
  return {
    add: (message, options = {}) => queue.add(JOB, message, optionsOf(options, request)),
    addBulk: (messages, level) =>
      queue.addBulk(messages.map((data) => ({ name: JOB, data, opts: optionsOf({ level }, request) }))),
    work: async (handler) => {
      const worker = new Worker<ChatMessage>(queue.name, async ({ data }) => handler(data), {
        connection: { host: '127.0.0.1', port: request.redisPort, maxRetriesPerRequest: null },
        concurrency: request.concurrency,
      });
      await worker.waitUntilReady();
      return () => worker.close();
    },
  };
}

/** Bull's successor, which is not what `@nestjs/bull` hosts run, for comparison. */
export const bullMq: Subject = {
  calls: countCalls(Redis.prototype, 'sendCommand'),
  open: async (request) => {
    const open = (name: string): Queue<ChatMessage> =>
      new Queue<ChatMessage>(name, { connection: { host: '127.0.0.1', port: request.redisPort } });
    const [first, ...others] = request.queueNames;
    const [firstQueue, ...otherQueues] = [open(first), ...others.map(open)] as const;
    const queues = [firstQueue, ...otherQueues];
    await Promise.all(queues.map((queue) => queue.waitUntilReady()));
    return {
      queues: [benchQueue(firstQueue, request), ...otherQueues.map((queue) => benchQueue(queue, request))],
      metrics: () => Promise.all(queues.map((queue) => queue.getJobCounts())),
      close: async () => {
        await Promise.all(queues.map((queue) => queue.close()));
      },
    };
  },
};
