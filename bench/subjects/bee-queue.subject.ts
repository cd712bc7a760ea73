import BeeQueue from 'bee-queue';
import type { ChatMessage } from '../chat-message.js';
import type { AddOptions, BenchQueue, HostRequest, Subject } from '../subject.js';
import { countCalls } from './count-calls.js';

/** Its declarations name a package that has none, so that its client is without a type. */
interface WithClient {
  readonly client: object;
}

let calls: (() => number) | null = null;

function open(name: string, redisPort: number, isWorker: boolean): BeeQueue<ChatMessage> {
  // What its documentation advises where nobody listens to a job's events.
  const quick = { getEvents: false, sendEvents: false, storeJobs: false, activateDelayedJobs: false };
  return new BeeQueue<ChatMessage>(name, {
    redis: { host: '127.0.0.1', port: redisPort },
    isWorker,
    ...quick,
  });
}

function job(queue: BeeQueue<ChatMessage>, message: ChatMessage, { key }: AddOptions, request: HostRequest) {
  const made = queue.createJob(message);
  if (key !== undefined) made.setId(key);
  return request.attempts === null ? made : made.retries(request.attempts - 1);
}

function benchQueue(queue: BeeQueue<ChatMessage>, request: HostRequest): BenchQueue {
  return {
    add: (message, options = {}) => job(queue, message, options, request).save(),
    addBulk: async (messages) => {
      const failed = await queue.saveAll(messages.map((message) => job(queue, message, {}, request)));
      for (const error of failed.values()) throw error;
    },
    work: async (handler) => {
      const worker = open(queue.name, request.redisPort, true);
      worker.on('error', () => undefined);
      await worker.ready();
      worker.process(request.concurrency, async ({ data }) => handler(data));
      return () => worker.close(5_000);
    },
  };
}

/** The fast one: no priorities, nothing kept that nobody asks for. */
export const beeQueue: Subject = {
  calls: () => calls?.() ?? 0,
  open: async (request) => {
    const [first, ...others] = request.queueNames;
    const [firstQueue, ...otherQueues] = [first, ...others].map((name) =>
      open(name, request.redisPort, false),
    );
    if (firstQueue === undefined) throw new Error('A host needs a queue.');
    const queues = [firstQueue, ...otherQueues];
    await Promise.all(queues.map((queue) => queue.ready()));
    const { client } = firstQueue as unknown as WithClient;
    calls ??= countCalls(Object.getPrototypeOf(client) as object, 'internal_send_command');
    return {
      queues: [benchQueue(firstQueue, request), ...otherQueues.map((queue) => benchQueue(queue, request))],
      metrics: () => Promise.all(queues.map((queue) => queue.checkHealth())),
      close: async () => {
        await Promise.all(queues.map((queue) => queue.close(5_000)));
      },
    };
  },
};
