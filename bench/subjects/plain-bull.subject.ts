import Bull from 'bull';
import type { JobOptions } from 'bull';
import type { ChatMessage } from '../chat-message.js';
import type { Importance, Subject } from '../subject.js';

const OPTIONS: Record<Importance, JobOptions> = {
  default: {},
  'most-important': { priority: 1 },
  'least-important': { priority: 9 },
};

/** Bull 4 as a host uses it without us: the yardstick. */
export const plainBull: Subject = {
  name: 'plain Bull',
  inProcess: false,
  async open({ redisPort, queueName, concurrency }) {
    const queue = new Bull<ChatMessage>(queueName, { redis: { host: '127.0.0.1', port: redisPort } });
    await queue.isReady();
    return {
      add: (message, importance) => queue.add('send-message', message, OPTIONS[importance]),
      addBulk: (messages, importance) =>
        queue.addBulk(messages.map((data) => ({ name: 'send-message', data, opts: OPTIONS[importance] }))),
      work: async (handler) => {
        const work = queue.process('send-message', concurrency, async (job) => {
          handler(job.data);
        });
        work.catch(() => undefined);
        return () => queue.pause(true);
      },
      close: () => queue.close(),
    };
  },
};
