import Bull from 'bull';
import type { JobOptions, Queue } from 'bull';
import type { ChatMessage } from '../chat-message.js';
import type { AddOptions, BenchHandler, BenchHost, BenchQueue, HostRequest } from '../subject.js';

/** How a host uses Bull. */
export interface BullUse {
  /** Before each add: checks the message. @returns what is stored */
  admit?(message: ChatMessage): Promise<ChatMessage>;
  /** Before each run: checks what was stored. @returns what the handler gets */
  receive?(stored: ChatMessage): Promise<ChatMessage>;
  options(add: AddOptions, request: HostRequest): JobOptions;
}

const JOB = 'send-message';

function benchQueue(queue: Queue<ChatMessage>, use: BullUse, request: HostRequest): BenchQueue {
  const { admit, receive } = use;
  return {
    add: async (message, options = {}) =>
      queue.add(JOB, admit === undefined ? message : await admit(message), use.options(options, request)),
    addBulk: async (messages, level) => {
      const admitted =
        admit === undefined ? messages : await Promise.all(messages.map((message) => admit(message)));
      return queue.addBulk(
        admitted.map((data) => ({ name: JOB, data, opts: use.options({ level }, request) })),
      );
    },
    work: (handler: BenchHandler) => {
      const work = queue.process(JOB, request.concurrency, async ({ data }) => {
        handler(receive === undefined ? data : await receive(data));
      });
      work.catch(() => undefined);
      return Promise.resolve(() => queue.pause(true));
    },
  };
}

/** A host with Bull's queues, each with its own connections, as Bull makes them. */
export async function openBull(request: HostRequest, use: BullUse): Promise<BenchHost> {
  const open = (name: string): Queue<ChatMessage> =>
    new Bull<ChatMessage>(name, { redis: { host: '127.0.0.1', port: request.redisPort } });
  const [first, ...others] = request.queueNames;
  const queues = [open(first), ...others.map(open)] as const;
  await Promise.all(queues.map((queue) => queue.isReady()));
  const [firstQueue, ...otherQueues] = queues;
  return {
    queues: [
      benchQueue(firstQueue, use, request),
      ...otherQueues.map((queue) => benchQueue(queue, use, request)),
    ],
    metrics: () => Promise.all(queues.map((queue) => queue.getJobCounts())),
    close: async () => {
      await Promise.all(queues.map((queue) => queue.close()));
    },
  };
}
