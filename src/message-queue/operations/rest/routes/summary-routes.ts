import { look, remove, Reply } from '../route.js';
import type { Route } from '../route.js';
import { FLAG, list, NUMBER, object, open, mapOf, ref, TEXT, TIME, WHOLE, words } from '../schemas/schema.js';
import { textParam } from '../shape.js';
import { reasonCode, REASON } from './reason.js';

interface Health {
  readonly healthy: boolean;
  readonly provider: string;
  readonly timestamp: string;
}

interface Stats {
  readonly totalMessages: number;
  readonly pendingMessages: number;
  readonly processingMessages: number;
  readonly completedMessages: number;
  readonly failedMessages: number;
  readonly avgProcessingTime: number;
  readonly queues: readonly string[];
  readonly provider: string;
  readonly healthy: boolean;
}

const PROVIDER = words('memory', 'redis', 'sync');
const HEALTH = object<Health>({ healthy: FLAG, provider: PROVIDER, timestamp: TIME });

/** What was asked of queues before there was anything else: names, shapes and the order of keys are the contract. */
export const SUMMARY_ROUTES: readonly Route[] = [
  look('health', {
    about: 'Whether jobs get done. 503 when they do not.',
    answers: { 200: HEALTH, 503: HEALTH },
    handle: async (_asked, { monitor, provider }) => {
      const { healthy, timestamp } = await monitor.overallHealth();
      const health: Health = { healthy, provider, timestamp: timestamp.toISOString() };
      return new Reply(healthy ? 200 : 503, health);
    },
  }),
  look('stats', {
    about: 'Messages by state, of one queue or of all together.',
    query: { queueName: textParam('One queue. Default: all.', 1_000) },
    answer: object<Stats>({
      ...{
        totalMessages: WHOLE,
        pendingMessages: WHOLE,
        processingMessages: WHOLE,
        completedMessages: WHOLE,
      },
      ...{
        failedMessages: WHOLE,
        avgProcessingTime: NUMBER,
        queues: list(TEXT),
        provider: PROVIDER,
        healthy: FLAG,
      },
    }),
    handle: async ({ query }, { monitor }) => {
      const { p95ProcessingTime: _p95, ...stats } = await monitor.summary(query.queueName);
      const { totalMessages, pendingMessages, processingMessages, completedMessages, failedMessages } = stats;
      const { avgProcessingTime, queues, provider, healthy } = stats;
      const counts = {
        totalMessages,
        pendingMessages,
        processingMessages,
        completedMessages,
        failedMessages,
      };
      return { ...counts, avgProcessingTime, queues, provider, healthy } satisfies Stats;
    },
  }),
  look('size/:queue', {
    about: 'How many messages wait, delayed ones included.',
    answer: object<{ queueName: string; size: number }>({ queueName: TEXT, size: WHOLE }),
    handle: async ({ params: { queue = '' } }, { queues }) => {
      await queues.refresh();
      const managed = queues.get(queue);
      const { waiting, delayed, paused } = await managed.broker.snapshot(managed.queue);
      return { queueName: queue, size: waiting + delayed + paused };
    },
  }),
  remove('purge/:queue', {
    about: 'Removes every message that waits or is delayed. Outside of development a reason is needed.',
    body: { reason: REASON },
    answer: object<{ queueName: string; removed: number }>({ queueName: TEXT, removed: WHOLE }),
    handle: async ({ params: { queue = '' }, body, by }, { administration, queues, opensUnlocked }) => {
      await queues.refresh();
      const reason = reasonCode(body.reason, !opensUnlocked);
      const removed = await administration.purge(queue, { by: by.name, reason });
      return { queueName: queue, removed };
    },
  }),
];

/** The same questions at addresses of their own: `/queue/metrics` and `/queue/health`. */
export const BESIDE_ROUTES: Readonly<Record<string, Route>> = {
  '/queue/metrics': look('', {
    about: 'Counts and rates of every queue, and totals.',
    answer: open({ queues: mapOf(open({})), totals: open({}), timestamp: TIME }),
    handle: (_asked, { monitor }) => monitor.metrics(),
  }),
  '/queue/health': look('', {
    about: 'The health of one queue, or of all together. 503 when jobs do not get done.',
    query: { queue: textParam('One queue. Default: all.', 1_000) },
    answers: { 200: ref('Health'), 503: ref('Health') },
    handle: async ({ query: { queue } }, { monitor }) => {
      const health = await (queue === undefined ? monitor.overallHealth() : monitor.health(queue));
      return new Reply(health.healthy ? 200 : 503, health);
    },
  }),
};
