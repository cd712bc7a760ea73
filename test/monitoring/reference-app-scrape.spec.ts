import { CircuitBreakers } from '../../src/message-queue/ports/index.js';
import { MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import { EVENT_METRICS } from '../../src/message-queue/operations/metrics/event-metric-table.js';
import { ChatApp } from '../e2e/chat.fixture.js';
import { parseMetrics } from '../support/metrics-lint.js';
import { waitUntil } from '../support/wait-until.js';
import { metricUses } from './promql.js';
import { shippedExpressions } from './shipped-files.js';

/** There only after what a healthy app seldom does. */
const RARE = [
  'jobs_retried_total',
  'dead_letters_total',
  'adds_refused_total',
  ...Object.keys(EVENT_METRICS),
];

describe('a scrape of the reference app', () => {
  let chat: ChatApp;

  beforeAll(async () => {
    chat = await ChatApp.start({ operations: { metrics: { token: 'a-token-for-a-scrape' } } });
    const service = chat.app.get(MessageQueueService);
    await service.addMessageDeliveryJob({
      ...{ messageId: 'm1', senderId: 'ada', recipientId: 'ben', content: 'Hello', conversationId: 'c1' },
      ...{ requiresEncryption: false, createdAt: new Date() },
    });
    await service.alerts.mute('WorkerLost', { until: new Date(Date.now() + 60_000), by: 'ann' });
    await chat.app.get(CircuitBreakers).run('a dependency', () => Promise.resolve());
    const completed = async (): Promise<boolean> =>
      (await service.getQueueMetrics()).queues[QueueName.MESSAGE_DELIVERY].completed > 0;
    await waitUntil(completed, 'the message');
  });
  afterAll(() => chat.app.close());

  it('has what the dashboard, the rules and the runbook ask for, with these labels', async () => {
    const response = await fetch(`${chat.url}/metrics`, {
      headers: { authorization: 'Bearer a-token-for-a-scrape' },
    });
    expect(response.status).toBe(200);
    const families = new Map(parseMetrics(await response.text()).map((one) => [one.name, one]));
    const missing = shippedExpressions().flatMap(({ place, expr }) =>
      metricUses(expr).flatMap(({ metric, labels }) => {
        const family = families.get(`message_queue_${metric}`);
        if (family === undefined) return RARE.includes(metric) ? [] : [`${place}: ${metric}`];
        const found = new Set(family.samples.flatMap((sample) => Object.keys(sample.labels)));
        const unknown = labels.filter((label) => !found.has(label) && label !== 'instance');
        return unknown.map((label) => `${place}: ${metric}{${label}}`);
      }),
    );
    expect([...new Set(missing)]).toEqual([]);
  });
});
