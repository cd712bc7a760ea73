import { Queue, Worker } from 'bullmq';
import type { JobsOptions } from 'bullmq';
import type { ChatMessage } from '../chat-message.js';
import type { Importance, Subject } from '../subject.js';

const OPTIONS: Record<Importance, JobsOptions> = {
  default: {},
  'most-important': { priority: 1 },
  'least-important': { priority: 9 },
};

/** Bull's successor, which is not what `@nestjs/bull` hosts run, for comparison. */
export const bullMq: Subject = {
  name: 'BullMQ',
  inProcess: false,
  async open({ redisPort, queueName, concurrency }) {
    const connection = { host: '127.0.0.1', port: redisPort };
    const queue = new Queue<ChatMessage>(queueName, { connection });
    await queue.waitUntilReady();
    return {
      add: (message, importance) => queue.add('send-message', message, OPTIONS[importance]),
      addBulk: (messages, importance) =>
        queue.addBulk(messages.map((data) => ({ name: 'send-message', data, opts: OPTIONS[importance] }))),
      work: async (handler) => {
        const worker = new Worker<ChatMessage>(queueName, async (job) => handler(job.data), {
          connection: { ...connection, maxRetriesPerRequest: null },
          concurrency,
        });
        await worker.waitUntilReady();
        return () => worker.close();
      },
      close: () => queue.close(),
    };
  },
};
