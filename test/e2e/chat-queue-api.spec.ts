import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { getQueueToken } from '@nestjs/bull-shared';
import type { Queue } from 'bull';
import { CHAT_QUEUES } from '../../src/chat/queues/chat-queues.js';
import { hashPassword } from '../../src/chat/sign-in/people/password-hash.js';
import { waitUntil } from '../support/wait-until.js';
import { ChatStage } from './chat.fixture.js';
import type { ChatApp } from './chat.fixture.js';

const run = promisify(execFile);
const MARKER = 'sealed-marker-4711';
const CHAT = {
  ...{ userId: 'user123', conversationId: 'conv456', message: 'Hello world!', priority: 7 },
};
const PROACTIVE = {
  ...{ actionType: 'greeting', agentType: 'general', message: 'Welcome!', userId: 'user123' },
  ...{ conversationId: 'conv456', timing: 'immediate', priority: 8 },
};
const ABOUT = { userId: 'test', conversationId: 'test' };

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

describe('The routes of the queues that the reference app adds', () => {
  const stage = new ChatStage();
  let app: ChatApp;
  beforeAll(async () => {
    app = await stage.start({ provider: 'memory', environment: 'development' });
  });
  afterAll(() => stage.clear());

  /** As nobody: with no cookie. */
  async function post(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
    at = app,
  ): Promise<Answer> {
    const response = await fetch(`${at.url}/api/queue/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const answer = (await response.json()) as Answer['body'];
    return { status: response.status, type: response.headers.get('content-type'), body: answer };
  }
  async function refusals(): Promise<number> {
    const response = await fetch(`${app.url}/api/queue/audit?limit=200`);
    const { entries } = (await response.json()) as {
      readonly entries: readonly { readonly outcome: string }[];
    };
    return entries.filter(({ outcome }) => outcome === 'refused').length;
  }
  const jobOf = async (queue: string, id: unknown) =>
    (await app.app.get<Queue>(getQueueToken(queue), { strict: false }).getJob(String(id)))!;

  it('take the curl line of the documents as it is printed', async () => {
    // As in the document, but for the port.
    const printed = `curl -X POST http://localhost:5001/api/queue/demo \\
      -H "Content-Type: application/json" \\
      -d '{"userId": "test", "conversationId": "test"}'`;
    const line = printed.replace(
      'http://localhost:5001',
      app.url.replace('127.0.0.1', 'localhost').replace('[::1]', 'localhost'),
    );
    const { stdout } = await run('sh', ['-c', line]);
    const { messages } = JSON.parse(stdout) as { messages: { queueName: string; messageId: string }[] };
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual(['messages']);
    expect(messages.map(({ queueName }) => queueName)).toEqual(CHAT_QUEUES.map(({ name }) => name));
    for (const message of messages) expect(Object.keys(message)).toEqual(['queueName', 'messageId']);
    for (const { queueName, messageId } of messages) {
      await waitUntil(
        async () => (await jobOf(queueName, messageId)).isCompleted(),
        `the job of ${queueName}`,
      );
    }
  });

  it('stand beside those of the library, which answer the other lines with the keys that are printed', async () => {
    const json = async (line: string): Promise<unknown> => {
      const { stdout } = await run('sh', ['-c', line.replace('http://localhost:5001', app.url)]);
      return JSON.parse(stdout) as unknown;
    };
    const health = await json('curl http://localhost:5001/api/queue/health');
    expect(Object.entries(health as object)).toEqual([
      ...[
        ['healthy', true],
        ['provider', 'memory'],
      ],
      ['timestamp', expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)],
    ]);
    const stats = (await json('curl http://localhost:5001/api/queue/stats')) as Record<string, unknown>;
    expect(Object.keys(stats)).toEqual([
      ...['totalMessages', 'pendingMessages', 'processingMessages', 'completedMessages', 'failedMessages'],
      ...['avgProcessingTime', 'queues', 'provider', 'healthy'],
    ]);
    expect(stats['queues']).toEqual(expect.arrayContaining(CHAT_QUEUES.map(({ name }) => name)));
    const one = await json('curl "http://localhost:5001/api/queue/stats?queueName=chat_messages"');
    expect(Object.keys(one as object)).toEqual(Object.keys(stats));
    expect(one).toMatchObject({ queues: ['chat_messages'], provider: 'memory' });
    const size = await json('curl http://localhost:5001/api/queue/size/chat_messages');
    expect(Object.entries(size as object)).toEqual([
      ['queueName', 'chat_messages'],
      ['size', expect.any(Number)],
    ]);
    const later = { ...CHAT, userId: 'purged', timing: 'delayed', delayMs: 60_000, actionType: 'a' };
    await post('enqueue/proactive', { ...later, agentType: 'b' });
    const purge = 'curl -X DELETE http://localhost:5001/api/queue/purge/proactive_actions';
    expect(Object.keys((await json(purge)) as object)).toEqual(['queueName', 'removed']);
    expect(await json('curl http://localhost:5001/api/queue/size/proactive_actions')).toMatchObject({
      size: 0,
    });
  });

  it('add a chat message with its priority, 5 unless it says another', async () => {
    const answer = await post('enqueue/chat', CHAT);
    expect({ ...answer, keys: Object.keys(answer.body) }).toMatchObject({
      ...{ status: 202, keys: ['messageId', 'queueName', 'deduplicated'] },
      body: { queueName: 'chat_messages', deduplicated: false },
    });
    expect((await jobOf('chat_messages', answer.body['messageId'])).opts.priority).toBe(11 - 7);
    const { priority: _, ...usual } = CHAT;
    const { message: __, ...readable } = usual;
    const second = await post('enqueue/chat', usual);
    const job = await jobOf('chat_messages', second.body['messageId']);
    // What somebody wrote is sealed where it is stored.
    expect([job.opts.priority, job.data]).toEqual([11 - 5, { ...readable, 'mq:sealed': expect.any(String) }]);
  });

  it('add a proactive action now or later, with 7 unless it says another', async () => {
    const now = await post('enqueue/proactive', PROACTIVE);
    expect(now).toMatchObject({ status: 202, body: { queueName: 'proactive_actions', deduplicated: false } });
    const job = await jobOf('proactive_actions', now.body['messageId']);
    expect([job.opts.priority, job.data]).toMatchObject([
      11 - 8,
      { actionType: 'greeting', agentType: 'general' },
    ]);
    const { priority: _, ...usual } = PROACTIVE;
    const later = await post('enqueue/proactive', { ...usual, timing: 'delayed', delayMs: 5_000 });
    const delayed = await jobOf('proactive_actions', later.body['messageId']);
    expect([delayed.opts.priority, delayed.opts.delay, await delayed.isDelayed()]).toEqual([
      11 - 7,
      5_000,
      true,
    ]);
  });

  it('add one job for the same Idempotency-Key, and refuse another payload under it', async () => {
    const key = { 'idempotency-key': 'only-once' };
    const first = await post('enqueue/chat', CHAT, key);
    const again = await post('enqueue/chat', CHAT, key);
    expect(again).toMatchObject({
      status: 202,
      body: { messageId: first.body['messageId'], deduplicated: true },
    });
    const other = await post('enqueue/chat', { ...CHAT, message: MARKER }, key);
    expect(other).toMatchObject({ status: 409, body: { status: 409, code: 'IDEMPOTENCY_CONFLICT' } });
    expect(JSON.stringify(other)).not.toContain(MARKER);
  });

  it.each<[string, unknown, string[]]>([
    ['enqueue/chat', { ...CHAT, priority: 11, userId: '', extra: MARKER }, ['userId', 'priority', 'extra']],
    ['enqueue/chat', { ...CHAT, priority: 0.5 }, ['priority']],
    ['enqueue/chat', { ...CHAT, priority: null }, ['priority']],
    ['enqueue/chat', { ...CHAT, message: ' ' }, ['message']],
    ['enqueue/chat', [CHAT], ['0', 'conversationId', 'message', 'priority', 'userId']],
    ['enqueue/proactive', { ...PROACTIVE, timing: 'soon' }, ['timing']],
    ['enqueue/proactive', { ...PROACTIVE, timing: 'delayed' }, ['delayMs']],
    ['enqueue/proactive', { ...PROACTIVE, timing: 'delayed', delayMs: '5' }, ['delayMs']],
    ['enqueue/proactive', { ...PROACTIVE, timing: 'delayed', delayMs: 1e15 }, ['delayMs']],
    ['enqueue/proactive', { ...PROACTIVE, delayMs: 5 }, ['delayMs']],
    ['demo', { userId: 'test' }, ['conversationId']],
  ])('refuse a body of %s that is wrong, field by field: %j', async (path, body, fields) => {
    const answer = await post(path, body);
    expect(answer).toMatchObject({
      ...{ status: 400, type: 'application/problem+json; charset=utf-8' },
      body: { type: 'about:blank', title: 'Bad Request', status: 400, code: 'INVALID_PAYLOAD' },
    });
    const issues = answer.body['issues'] as { path: string }[];
    expect([...new Set(issues.map(({ path: at }) => at))].sort()).toEqual([...fields].sort());
    expect(JSON.stringify(answer.body)).not.toContain(MARKER);
  });

  it.each<[number, string, Record<string, string>]>([
    [400, `{"message": ${MARKER}`, {}],
    [413, JSON.stringify({ ...CHAT, message: MARKER.repeat(100_000) }), {}],
    [400, JSON.stringify(CHAT), { 'idempotency-key': 'x'.repeat(300) }],
  ])('say as a problem why a request is refused with %i', async (status, body, headers) => {
    const answer = await post('enqueue/chat', body, headers);
    expect(answer).toMatchObject({
      status,
      type: 'application/problem+json; charset=utf-8',
      body: { status },
    });
    expect(Object.keys(answer.body).slice(0, 5)).toEqual(['type', 'title', 'status', 'detail', 'code']);
    expect(JSON.stringify(answer.body)).not.toContain(MARKER);
  });

  it.each([
    ['demo', { origin: 'https://evil.example' }, 403, 'OTHER_SITE'],
    ['queues/chat_messages/pause', { 'sec-fetch-site': 'cross-site' }, 403, 'OTHER_SITE'],
    ['enqueue/chat', { 'content-type': 'text/plain' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ])('refuse %s to other sites as a problem, and write it down', async (path, headers, status, code) => {
    const before = await refusals();
    expect(await post(path, ABOUT, headers as Record<string, string>)).toMatchObject({
      ...{ status, type: 'application/problem+json; charset=utf-8', body: { status, code } },
    });
    expect(await refusals()).toBe(before + 1);
  });

  it('are closed to whoever comes through a proxy, and outside of development to everybody', async () => {
    const proxied = await post('demo', ABOUT, { 'x-forwarded-for': '10.0.0.1' });
    expect(proxied).toMatchObject({ status: 403, type: 'application/problem+json; charset=utf-8' });
    expect(await post('demo', ABOUT, { origin: 'https://evil.example' })).toMatchObject({ status: 403 });
  });

  it('are for people with the right "board" where people sign in', async () => {
    const hash = await hashPassword('a password of some length');
    const closed = await stage.start({
      ...{ provider: 'memory', environment: 'production', acceptInMemory: true },
      chatUsers: `ada+board:${hash},grace:${hash}`,
    });
    for (const path of ['demo', 'enqueue/chat', 'enqueue/proactive']) {
      expect(await post(path, {}, {}, closed)).toMatchObject({ status: 401, body: { code: 'NOT_LET_IN' } });
      const asGrace = { cookie: closed.cookieOf('grace') };
      expect(await post(path, {}, asGrace, closed)).toMatchObject({
        status: 403,
        body: { code: 'NOT_LET_IN' },
      });
    }
    expect(await post('demo', ABOUT, { cookie: closed.cookieOf('ada') }, closed)).toMatchObject({
      status: 202,
    });
    const nobody = await stage.start({ provider: 'memory', environment: 'production', acceptInMemory: true });
    expect(await post('demo', ABOUT, {}, nobody)).toMatchObject({ status: 403 });
  });
});
