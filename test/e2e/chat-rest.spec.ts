import { waitUntil } from '../support/wait-until.js';
import { ChatStage } from './chat.fixture.js';
import type { ChatApp } from './chat.fixture.js';

/** Content that must not come back in an error. */
const MARKER = 'MARKER-5d1c';
const message = { recipientId: 'grace', conversationId: 'c1', content: MARKER };
const announcement = { content: MARKER };

const BAD_MESSAGES: readonly [string, object][] = [
  ['no fields', {}],
  ['a field too many', { ...message, admin: true }],
  ['an id with a space', { ...message, recipientId: 'a d' }],
  ['a sender', { ...message, senderId: 'ada' }],
  ['a sender that is null', { ...message, senderId: null }],
  ['an id that is too long', { ...message, recipientId: 'x'.repeat(129) }],
  ['an id that is no text', { ...message, conversationId: 7 }],
  ['an own id that is none', { ...message, messageId: '' }],
  ['blank content', { ...message, content: ' \n ' }],
  ['content that is too long', { ...message, content: MARKER.repeat(2_000) }],
  ['content that no store keeps', { ...message, content: `${MARKER}\0` }],
  ['half a surrogate pair', { ...message, content: `${MARKER}\ud83d` }],
  ['a switch that is no boolean', { ...message, requiresEncryption: 'yes' }],
  ['a list', [message]],
];

const BAD_READS: readonly string[] = [
  '/api/conversations/c1/messages?cursor=nonsense',
  '/api/conversations/c1/messages?limit=abc',
  '/api/conversations/c1/messages?limit=0',
  '/api/conversations/c1/messages?limit=101',
  '/api/conversations/c1/messages?limit=1&limit=2',
  '/api/conversations/c1/messages?order=up',
  '/api/conversations/%E0%A4%A/messages',
  '/api/conversations/%00/messages',
  '/api/search?conversationId=c1',
  '/api/search',
  `/api/search?q=${MARKER}&q=b&conversationId=c1`,
  `/api/search?q=${MARKER}&cursor=nonsense&conversationId=c1`,
  `/api/search?q=${MARKER}&conversationId=a%20b`,
  `/api/search?q=${MARKER.repeat(100)}&conversationId=c1`,
  '/api/announcements?recipientId=ada',
  '/api/announcements?limit=1',
  '/api/announcements/%00',
];

describe('The REST interface of the reference app', () => {
  const stage = new ChatStage();
  let app: ChatApp;
  beforeAll(async () => {
    app = await stage.start();
  });
  afterAll(() => stage.clear());

  describe('refuses with 400 and a reason', () => {
    it.each(BAD_MESSAGES)('a message with %s', async (_, body) => {
      const { status, answer } = await app.call('/api/messages', body);
      expect({ status, statusCode: answer.statusCode }).toEqual({ status: 400, statusCode: 400 });
      expect(answer.message.length).toBeGreaterThan(0);
      expect(JSON.stringify(answer)).not.toContain(MARKER);
    });

    it.each([
      {},
      { ...announcement, content: '' },
      { ...announcement, everyone: true },
      { ...announcement, senderId: 'town-hall' },
    ])('an announcement like %j', async (body) => {
      expect(await app.call('/api/announcements', body, 'town-hall')).toMatchObject({ status: 400 });
    });

    it.each(BAD_READS)('GET %s', async (path) => {
      const { status, answer } = await app.call(path);
      expect({ status, statusCode: answer.statusCode }).toEqual({ status: 400, statusCode: 400 });
      expect(JSON.stringify(answer)).not.toContain(MARKER);
    });

    it.each(['', MARKER, `{"content":"${MARKER}"`, `{"content": ${MARKER}}`, 'null'])(
      'the body %s',
      async (body) => {
        const { status, answer } = await app.request('/api/messages', { method: 'POST', body });
        expect({ status, statusCode: answer.statusCode }).toEqual({ status: 400, statusCode: 400 });
        expect(JSON.stringify(answer)).not.toContain(MARKER);
      },
    );
  });

  it('refuses a body that is too large with 413, one of another kind with 415', async () => {
    for (const path of ['/api/messages', '/api/announcements']) {
      const huge = await app.call(path, { ...message, content: MARKER.repeat(100_000) });
      expect(huge).toMatchObject({ status: 413, answer: { statusCode: 413 } });
    }
    const request = (type: string, body: string) =>
      app.request('/api/messages', { method: 'POST', body, headers: { 'content-type': type } });
    expect(await request('text/plain', MARKER)).toMatchObject({ status: 415 });
    expect(await request('application/json; charset=latin1', '{}')).toMatchObject({ status: 415 });
  });

  it('says 404 of what is not there', async () => {
    for (const path of [
      '/api/announcements/none',
      '/api/feed',
      '/assets/..%2fchat.module.js',
      '/assets/index.html',
    ]) {
      expect(await app.call(path)).toMatchObject({ status: 404, answer: { statusCode: 404 } });
    }
    // A message is no announcement.
    const messageId = await app.send('ada', 'grace', 'Hello');
    await waitUntil(() => app.status(messageId, 'grace'), 'the message to be stored');
    expect(await app.call(`/api/announcements/${messageId}`)).toMatchObject({ status: 404 });
    const cancelled = await app.request('/api/announcements/none', { method: 'DELETE' }, 'town-hall');
    expect(cancelled).toMatchObject({ status: 404 });
  });

  it('queues delivery, notification and indexing with one call', async () => {
    const { answer } = await app.call('/api/messages', message);
    expect(answer.jobs.map(({ queue }) => queue)).toEqual([
      ...['message-delivery', 'message-notification', 'message-indexing'],
    ]);
    // Plain text of a sealed message must not get into the index.
    const sealed = await app.call('/api/messages', { ...message, requiresEncryption: true });
    expect(sealed.answer.jobs.map(({ queue }) => queue)).toEqual([
      'message-delivery',
      'message-notification',
    ]);
  });

  it('takes the same message again, and sends it once', async () => {
    const own = { ...message, conversationId: 'again', messageId: 'chosen-by-the-client' };
    const first = await app.call('/api/messages', own);
    const second = await app.call('/api/messages', own);
    expect(first).toMatchObject({ status: 202, answer: { messageId: own.messageId } });
    expect(second).toMatchObject({ status: 202, answer: { jobs: first.answer.jobs } });
    await waitUntil(() => app.status(own.messageId, 'grace'), 'the message to be stored');
    const { answer } = await app.call('/api/conversations/again/messages');
    expect(answer.items).toHaveLength(1);
    const other = await app.call('/api/messages', { ...own, content: 'Something else' });
    expect(other).toMatchObject({ status: 409, answer: { code: 'IDEMPOTENCY_CONFLICT' } });
  });

  it('sends an announcement to everyone, says how far it is, and lists it', async () => {
    const ada = await stage.signIn(app, 'ada');
    const { status, answer } = await app.call('/api/announcements', { content: 'Rain!' }, 'town-hall');
    expect(status).toBe(202);
    expect(answer.recipients).toBe(200);
    const path = `/api/announcements/${answer.batchId}`;
    const seen: number[] = [];
    const done = await waitUntil(async () => {
      const { answer: now } = await app.call(path);
      seen.push(now.percentage);
      return now.state === 'done' && now.delivered === 1 && now.pending === 199 ? now : null;
    }, 'the announcement to be complete');
    expect(done).toMatchObject({ percentage: 100, recipients: 200, queued: 200, failed: 0 });
    expect(seen.some((percentage) => percentage > 0 && percentage < 100)).toBe(true);
    expect(
      ada.messages.filter(({ senderId }) => senderId === 'town-hall').map(({ content }) => content),
    ).toEqual(['Rain!']);
    const listed = await app.call('/api/announcements');
    expect(listed.answer.items).toEqual([
      expect.objectContaining({
        ...{ messageId: ada.messages.at(-1)?.messageId, content: 'Rain!', conversationId: answer.batchId },
        recipients: [expect.objectContaining({ recipientId: 'ada', status: 'delivered' })],
      }),
    ]);
    expect((await app.call('/api/announcements', undefined, 'town-hall')).answer.items).toEqual([]);
    const late = await app.request(path, { method: 'DELETE' }, 'town-hall');
    expect(late).toMatchObject({ status: 409, answer: { statusCode: 409 } });
  });

  it('stops an announcement that is cancelled', async () => {
    const { answer } = await app.call('/api/announcements', announcement, 'town-hall');
    const path = `/api/announcements/${answer.batchId}`;
    await waitUntil(async () => (await app.call(path)).answer.percentage > 0, 'it to begin');
    expect(await app.request(path, { method: 'DELETE' }, 'town-hall')).toMatchObject({ status: 202 });
    const stopped = await waitUntil(async () => {
      const { answer: now } = await app.call(path);
      return now.state === 'cancelled' ? now : null;
    }, 'it to stop');
    expect(stopped.percentage).toBeLessThan(100);
  });

  it('serves its page with a policy that allows no script but its own', async () => {
    const page = await fetch(`${app.url}/`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).not.toContain('unsafe');
    const html = await page.text();
    const assets = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    expect(assets).toHaveLength(2);
    for (const path of [...assets, '/assets/message-client.js', '/socket.io/socket.io.esm.min.js']) {
      const response = await fetch(app.url + path);
      expect(response.status).toBe(200);
      expect(await response.text()).not.toBe('');
    }
  });
});
