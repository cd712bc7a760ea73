import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { AppModule } from '../../src/app.module.js';
import type { AppOptions } from '../../src/app.module.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { ChatStage } from './chat.fixture.js';
import type { ApiRequest, ChatApp } from './chat.fixture.js';

interface Counts {
  readonly name: string;
  readonly active: number;
  readonly completed: number;
}

async function countsOf(app: ChatApp): Promise<readonly Counts[]> {
  const response = await fetch(`${app.url}/api/queues`, { headers: { cookie: app.cookieOf('ada') } });
  return (await response.json()) as Counts[];
}

describe('The reference app over Redis', () => {
  const stage = new ChatStage();
  afterEach(() => stage.clear());

  it('works with web servers and workers apart, over Redis and one database', async () => {
    const redis = await TestRedis.start();
    stage.atEnd(() => redis.stop());
    const directory = mkdtempSync(join(tmpdir(), 'mq-chat-'));
    stage.atEnd(() => rmSync(directory, { recursive: true, force: true }));
    const shared: AppOptions = {
      provider: 'redis',
      redis: { url: redis.url },
      prefix: `chat-${randomUUID()}`,
      databaseUrl: `file:${directory}/chat.db`,
    };
    const web = [
      await stage.start({ ...shared, role: 'producer' }),
      await stage.start({ ...shared, role: 'producer' }),
    ];
    const worker = await Test.createTestingModule({
      imports: [AppModule.register({ environment: 'test', ...shared, role: 'worker' })],
    }).compile();
    stage.atEnd(() => worker.close());
    worker.useLogger(false);
    await worker.init();
    const [ada, grace] = [await stage.signIn(web[0]!, 'ada'), await stage.signIn(web[1]!, 'grace')];
    const messageId = await web[0]!.send('ada', 'grace', 'Over two servers');
    await waitUntil(() => grace.messages.length > 0, 'the message');
    grace.client.markRead(messageId);
    await waitUntil(() => ada.statuses.some(({ status }) => status === 'read'), 'the read tick');
    await waitUntil(async () => {
      const { answer } = await web[1]!.call('/api/search?q=servers&conversationId=c1');
      return answer.items[0]?.messageId === messageId;
    }, 'the message to be found');
    grace.close();
    const second = await web[0]!.send('ada', 'grace', 'Are you gone?');
    await waitUntil(async () => (await web[0]!.status(second, 'grace')) === 'pending', 'it to be stored');
    const back = await stage.signIn(web[0]!, 'grace');
    await waitUntil(() => back.messages.some((message) => message.messageId === second), 'it to arrive');
    await waitUntil(async () => {
      const counts = await Promise.all(web.map(countsOf));
      expect(counts[0]).toHaveLength(14);
      const [delivery] = counts.map((queues) => queues.find(({ name }) => name === 'message-delivery'));
      // Two messages; delivered, read, and what waited delivered.
      const isDone = delivery?.completed === 5 && delivery.active === 0;
      return isDone && JSON.stringify(counts[0]) === JSON.stringify(counts[1]);
    }, 'both web servers to count what the worker has done');
  });

  it.each<[string, (redis: TestRedis) => unknown, (redis: TestRedis) => unknown]>([
    ['gone', (redis) => redis.kill(), (redis) => redis.spawn()],
    ['frozen', (redis) => redis.signal('SIGSTOP'), (redis) => redis.signal('SIGCONT')],
  ])(
    'answers 503 with Retry-After while Redis is %s, and goes on when it is back',
    async (_, stop, resume) => {
      const redis = await TestRedis.start();
      stage.atEnd(() => redis.stop());
      const app = await stage.start({ provider: 'redis', redis: { url: redis.url } });
      const message = { recipientId: 'grace', conversationId: 'c1', content: 'Hello' };
      const { answer } = await app.call('/api/announcements', { content: 'Rain!' }, 'town-hall');
      await stop(redis);
      const calls: [string, ApiRequest?][] = [
        ['/api/announcements', { method: 'POST', body: JSON.stringify({ content: 'Sun!' }) }],
        ['/api/queues'],
        [`/api/announcements/${answer.batchId}`],
        [`/api/announcements/${answer.batchId}`, { method: 'DELETE' }],
      ];
      const responses = await Promise.all(
        calls.map(([path, options = {}]) => app.request(path, options, 'town-hall')),
      );
      responses.push(await app.call('/api/messages', message));
      calls.push(['/api/messages']);
      for (const [at, response] of responses.entries()) {
        expect({ path: calls[at]?.[0], ...response }).toMatchObject({
          ...{ path: calls[at]?.[0], status: 503, retryAfter: expect.stringMatching(/^[1-9]\d*$/) },
          answer: { statusCode: 503, code: expect.any(String), message: expect.any(String) },
        });
      }
      expect(await app.call('/api/conversations/c1/messages')).toMatchObject({ status: 200 });
      await resume(redis);
      const again = await waitUntil(async () => {
        const response = await app.call('/api/messages', message);
        return response.status === 202 ? response : null;
      }, 'Redis to be noticed');
      await waitUntil(() => app.status(again.answer.messageId, 'grace'), 'the message to be stored');
    },
    60_000,
  );
});
