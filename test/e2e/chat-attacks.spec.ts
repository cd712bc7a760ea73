import { request } from 'node:http';
import type { IncomingHttpHeaders, RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { ConversationMembers, MessageStore } from '../../src/message-queue/ports/index.js';
import { waitUntil } from '../support/wait-until.js';
import { ChatStage } from './chat.fixture.js';
import type { ChatApp } from './chat.fixture.js';

interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request as it is, with headers that `fetch` would not send. */
function raw(app: ChatApp, path: string, options: RequestOptions = {}, body?: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(app.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: text }),
      );
    });
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode!, headers: response.headers, body: '' });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
const SOCKET_PATH = '/socket.io/?EIO=4&transport=websocket';

/** The first line of what the server says to text that is sent as it is. */
function say(app: ChatApp, text: string): Promise<string> {
  const { hostname, port } = new URL(app.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().split('\r\n')[0]!);
    });
    socket.once('error', reject);
  });
}

describe('Attacks on the reference chat', () => {
  const stage = new ChatStage();
  let app: ChatApp;
  let port: string;
  beforeAll(async () => {
    app = await stage.start({ provider: 'memory', chatHosts: 'chat.example.org, other.example:8443' });
    ({ port } = new URL(app.url));
  });
  afterAll(() => stage.clear());

  const message = { recipientId: 'grace', conversationId: 'c1', content: 'Hello' };
  const asAda = (): Record<string, string> => ({ cookie: app.cookieOf('ada') });
  const handshake = (headers: Record<string, string | string[]>): Promise<RawAnswer> =>
    raw(app, SOCKET_PATH, { headers: { ...HANDSHAKE, ...asAda(), ...headers } });

  describe('under a name that another site points here (DNS rebinding)', () => {
    const STRANGE_HOSTS = (): string[] => [
      'evil.example',
      `evil.example:${port}`,
      `localhost.evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      `evil-localhost:${port}`,
      `0.0.0.0:${port}`,
      `[::ffff:127.0.0.1]:${port}`,
      `127.0.0.1@evil.example:${port}`,
      `evil.example#127.0.0.1:${port}`,
      `127.0.0.1:${port}/evil`,
      '127.0.0.1',
      '127.0.0.1:1',
      'chat.example.org.evil.example',
      'chat.example.org:8080',
      'other.example',
      ' ',
      ':',
    ];

    it.each([
      '/',
      '/api/conversations/c1/messages',
      '/api/session',
      '/admin/queues',
      '/assets/chat.js',
      '/nowhere',
    ])('%s answers 421', async (path) => {
      for (const host of STRANGE_HOSTS()) {
        const { status, body, headers } = await raw(app, path, { headers: { ...asAda(), host } });
        expect([host, status]).toEqual([host, 421]);
        expect(body).toContain('CHAT_HOSTS');
        expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'cache-control': 'no-store' });
        expect(headers['set-cookie']).toBeUndefined();
      }
    });

    it('no socket opens', async () => {
      for (const host of STRANGE_HOSTS()) {
        const { status } = await handshake({ host, origin: `http://${host}` });
        expect([host, status]).toEqual([host, 421]);
      }
    });

    it('no header in place of Host counts, and no second Host, and no address in place of a path', async () => {
      for (const header of ['x-forwarded-host', 'x-original-host', 'x-host', 'forwarded']) {
        const headers = { host: 'evil.example', [header]: `127.0.0.1:${port}`, ...asAda() };
        expect(await raw(app, '/api/queues', { headers })).toMatchObject({ status: 421 });
      }
      const own = `Host: 127.0.0.1:${port}\r\n`;
      for (const text of [
        `GET / HTTP/1.1\r\n${own}Host: evil.example\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: evil.example\r\n${own}\r\n`,
        `GET http://evil.example/ HTTP/1.1\r\n${own}\r\n`,
        `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: evil.example\r\n\r\n`,
        'GET / HTTP/1.0\r\n\r\n',
      ]) {
        expect([text, await say(app, text)]).toEqual([text, 'HTTP/1.1 421 Misdirected Request']);
      }
      expect(await say(app, 'GET / HTTP/1.1\r\n\r\n')).toBe('HTTP/1.1 400 Bad Request');
    });

    it('a refused handshake is hung up on, and one that is reset harms nothing', async () => {
      const handshakeText = `GET ${SOCKET_PATH} HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
      const { hostname } = new URL(app.url);
      for (let n = 0; n < 20; n += 1) {
        await new Promise<void>((resolve, reject) => {
          const socket = connect(Number(port), hostname, () => {
            socket.write(handshakeText);
            if (n % 2 === 1) socket.resetAndDestroy();
          });
          socket.resume().once('close', () => resolve());
          socket.once('error', reject);
        });
      }
      expect(await raw(app, '/')).toMatchObject({ status: 200 });
    });

    it('the names that are its own work, however they are written', async () => {
      const names = [`127.0.0.1:${port}`, `localhost:${port}`, `LocalHost:${port}`, `localhost.:${port}`];
      const more = [`[::1]:${port}`, `[0:0:0:0:0:0:0:1]:${port}`, 'chat.example.org', 'CHAT.example.org.'];
      for (const host of [...names, ...more, 'chat.example.org:443', 'other.example:8443']) {
        expect([host, (await raw(app, '/', { headers: { host } })).status]).toEqual([host, 200]);
        expect([host, (await handshake({ host, origin: `https://${host}` })).status]).toEqual([host, 101]);
      }
    });
  });

  describe('from a page of another site', () => {
    const ORIGINS = [
      'https://evil.example',
      'null',
      'file://',
      'http://127.0.0.1:1',
      'http://localhost',
      'nonsense',
      '',
    ];

    it.each([
      ['POST', '/api/messages'],
      ['POST', '/api/announcements'],
      ['DELETE', '/api/announcements/none'],
      ['POST', '/api/session'],
      ['DELETE', '/api/session'],
      ['PUT', '/admin/queues/api/queues/message-delivery/pause'],
      ['POST', '/api/queue/demo'],
      ['POST', '/api/queue/enqueue/chat'],
      ['DELETE', '/api/queue/purge/chat_messages'],
      ['POST', '/admin/console'],
      ['OPTIONS', '/api/messages'],
      ['POST', '/nowhere'],
    ])('%s %s is refused with 403', async (method, path) => {
      const body = JSON.stringify(message);
      const json = { 'content-type': 'application/json', 'content-length': String(body.length) };
      for (const origin of ORIGINS) {
        const { status } = await raw(app, path, { method, headers: { ...asAda(), ...json, origin } }, body);
        expect([origin, status]).toEqual([origin, 403]);
      }
      for (const site of ['cross-site', 'same-site', 'anything']) {
        const headers = { ...asAda(), ...json, 'sec-fetch-site': site };
        expect(await raw(app, path, { method, headers }, body)).toMatchObject({ status: 403 });
      }
    });

    it('what a form sends is refused with 415, for the board as for the chat', async () => {
      const body = `content=${encodeURIComponent('Hello')}&recipientId=grace&conversationId=c1`;
      for (const type of [
        ...[
          'application/x-www-form-urlencoded',
          'multipart/form-data; boundary=x',
          'text/plain',
          'text/json',
        ],
        ...['application/json-seq', 'application/xml; charset=application/json', ''],
      ]) {
        const headers = { ...asAda(), 'content-type': type, 'content-length': String(body.length) };
        for (const path of [
          '/api/messages',
          '/api/session',
          '/admin/queues/api/queues/message-delivery/pause',
        ]) {
          const { status } = await raw(app, path, { method: 'POST', headers }, body);
          expect([path, type, status]).toEqual([path, type, 415]);
        }
      }
    });

    it('no socket opens', async () => {
      for (const origin of ORIGINS) {
        const { status } = await handshake({ origin });
        expect([origin, status]).toEqual([origin, 403]);
      }
      expect(await handshake({ 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 403 });
      expect(await handshake({ origin: app.url })).toMatchObject({ status: 101 });
    });

    it('long polling, which would take plain text, is not there', async () => {
      const headers = asAda();
      const polling = '/socket.io/?EIO=4&transport=polling';
      expect(await raw(app, polling, { headers })).toMatchObject({ status: 400 });
      expect(await raw(app, polling, { method: 'POST', headers }, '40')).toMatchObject({ status: 415 });
    });
  });

  describe('under the name of somebody else', () => {
    it('no sender, user or recipient of a client counts: each is refused with a reason', async () => {
      const sent = await app.call('/api/messages', { ...message, senderId: 'grace' });
      expect(sent).toMatchObject({
        status: 400,
        answer: { message: ['Leave senderId out: the sender is whoever is signed in'] },
      });
      const announced = await app.call('/api/announcements', { content: 'Hi', senderId: 'ada' }, 'town-hall');
      expect(announced).toMatchObject({ status: 400 });
      expect(await app.call('/api/announcements?recipientId=grace')).toMatchObject({ status: 400 });
      const auth = { userId: 'grace' };
      for (const given of [auth, { userId: 'ada' }, { userId: '' }, { userId: null }, { ...auth, as: 'ada' }])
        await expect(stage.device(app, 'ada', { auth: given }).connected()).rejects.toThrow(
          'Leave userId out',
        );
    });

    it('nobody acts as a person whom their cookie does not name', async () => {
      for (const as of ['grace', 'town-hall', 'nobody', '', '*', '%', 'ada,grace']) {
        const answer = await app.request('/api/conversations', { headers: { 'chat-as': as } });
        expect([as, answer.status]).toEqual([as, as === '%' ? 400 : 403]);
        await expect(stage.device(app, 'ada', { auth: { as } }).connected()).rejects.toThrow(
          /as that person|an id/,
        );
      }
      for (const as of [7, null, ['grace'], { id: 'grace' }])
        await expect(stage.device(app, 'ada', { auth: { as } }).connected()).rejects.toThrow('say as whom');
      await stage.device(app, 'ada', { auth: { as: 'ada' } }).connected();
    });

    it('a browser that plays two says who of them asks', async () => {
      const headers = { cookie: app.cookieOf('ada', 'grace') };
      expect(await app.request('/api/conversations', { headers })).toMatchObject({ status: 400 });
      const asGrace = { ...headers, 'chat-as': 'grace', 'content-type': 'application/json' };
      const body = JSON.stringify({ ...message, recipientId: 'ada' });
      expect(await app.request('/api/messages', { method: 'POST', headers: asGrace, body })).toMatchObject({
        status: 202,
      });
    });

    it.each<[string, (cookie: string) => string]>([
      ['none', () => ''],
      ['an empty one', (cookie) => cookie.replace(/=.*/, '=')],
      ['one without a signature', (cookie) => cookie.replace(/\..*/, '')],
      ['one with another signature', (cookie) => cookie.replace(/\..*/, `.${'A'.repeat(43)}`)],
      [
        'one for somebody else under the same signature',
        (cookie) => {
          const content = JSON.stringify({ people: ['grace'], until: Date.now() + 1e9 });
          return cookie.replace(/=.*\./, `=${Buffer.from(content).toString('base64url')}.`);
        },
      ],
      ['one under another name', (cookie) => cookie.replace(/^[^=]+/, '__Host-chat-session')],
    ])('a cookie that is not ours signs nobody in: %s', async (_, change) => {
      const cookie = change(app.cookieOf('ada'));
      for (const path of ['/api/conversations', '/api/queues', '/api/search?q=a&conversationId=c1'])
        expect(await app.request(path, { headers: { cookie } })).toMatchObject({ status: 401 });
      const device = stage.device(app, 'ada', { extraHeaders: { cookie } });
      await expect(device.connected()).rejects.toThrow('Sign in first');
    });
  });

  describe('on a conversation of others', () => {
    const secret = 'The key is under the mat';
    let messageId: string;
    beforeAll(async () => {
      await app.app.get(ConversationMembers).found('theirs', ['ada', 'grace']);
      const { answer } = await app.call('/api/messages', {
        ...message,
        conversationId: 'theirs',
        content: secret,
      });
      ({ messageId } = answer);
      await waitUntil(() => app.status(messageId, 'grace'), 'the message to be stored');
      const found = (): Promise<unknown> =>
        app.call('/api/search?q=mat&conversationId=theirs').then(({ answer: { items } }) => items[0]);
      await waitUntil(found, 'the message to be found');
    });
    const asStranger = (path: string, body?: object) => app.call(path, body, 'neighbour-1');

    it('a stranger gets 404, in the same words as for one that does not exist', async () => {
      const calls = (id: string): [string, object?][] => [
        [`/api/conversations/${id}/messages`],
        [`/api/conversations/${id}/messages?limit=1`],
        [`/api/search?q=mat&conversationId=${id}`],
      ];
      const nowhere = calls('nowhere-at-all');
      for (const [at, [path, body]] of calls('theirs').entries()) {
        const answer = await asStranger(path, body);
        expect(answer).toMatchObject({ status: 404, answer: { message: 'There is no such conversation.' } });
        expect(answer).toEqual(await asStranger(...nowhere[at]!));
      }
      expect(await asStranger('/api/messages', { ...message, conversationId: 'theirs' })).toMatchObject({
        status: 404,
        answer: { message: 'There is no such conversation.' },
      });
      expect(await app.app.get(ConversationMembers).isMember('theirs', 'neighbour-1')).toBe(false);
      expect((await app.call('/api/conversations/theirs/messages')).status).toBe(200);
    });

    it('a search without a conversation finds what is theirs, and for a stranger nothing', async () => {
      const found = async (as: string) => (await app.call('/api/search?q=mat', undefined, as)).answer.items;
      for (const as of ['ada', 'grace']) expect(await found(as)).toMatchObject([{ messageId }]);
      expect(await found('neighbour-1')).toEqual([]);
    });

    it('a member writes to members only', async () => {
      const body = { ...message, conversationId: 'theirs', recipientId: 'neighbour-1' };
      expect(await app.call('/api/messages', body)).toMatchObject({ status: 400 });
      expect(await app.call('/api/messages', { ...body, recipientId: 'nobody' })).toMatchObject({
        status: 404,
      });
    });

    it('a stranger confirms nothing, nor does somebody who has left', async () => {
      const mallory = await stage.signIn(app, 'neighbour-1');
      const refused = { ok: false, error: 'There is no such message for you.' };
      expect(await mallory.confirm({ messageId, status: 'read' })).toEqual(refused);
      expect(await mallory.confirm({ messageId: 'none', status: 'read' })).toEqual(refused);
      const { answer } = await app.call('/api/messages', { ...message, conversationId: 'left' });
      await waitUntil(() => app.status(answer.messageId, 'grace'), 'the message to be stored');
      await app.app.get(ConversationMembers).remove('left', 'grace');
      const grace = stage.device(app, 'grace');
      grace.client.close();
      await grace.connected();
      expect(await grace.confirm({ messageId: answer.messageId, status: 'read' })).toEqual(refused);
      expect(await app.call('/api/conversations/left/messages', undefined, 'grace')).toMatchObject({
        status: 404,
      });
    });

    /** A message that did not come over REST, so that no idempotency key knows its id. */
    const stored = (id: string, conversationId: string): Promise<unknown> =>
      app.app.get(MessageStore).save(
        {
          ...{ messageId: id, senderId: 'ada', recipientId: 'grace', conversationId, content: 'An old mat' },
          ...{ encrypted: false, attachments: [], batchId: null, createdAt: new Date() },
        },
        AbortSignal.timeout(5_000),
      );

    it('nobody takes over a message by its id, in the store or in the search', async () => {
      await stored('long-ago', 'theirs');
      for (const id of [messageId, 'long-ago']) {
        const forged = { ...message, messageId: id, conversationId: 'mallorys', content: 'forged mat' };
        expect(await asStranger('/api/messages', forged)).toMatchObject({ status: 409 });
        const moved = { ...message, messageId: id, content: 'moved mat' };
        expect(await app.call('/api/messages', moved)).toMatchObject({ status: 409 });
      }
      const { answer } = await app.call('/api/search?q=mat&conversationId=theirs');
      expect(answer.items).toHaveLength(1);
    });

    it('nobody founds one that the chat makes itself, or in which messages are left', async () => {
      const ids = [
        'announcements',
        'announcement-1',
        'direct:ada:grace',
        'direct:neighbour-1:ada',
        'direct:x',
      ];
      for (const conversationId of ids)
        expect(await asStranger('/api/messages', { ...message, conversationId })).toMatchObject({
          status: 404,
        });
      await stored('old', 'before');
      expect(await asStranger('/api/messages', { ...message, conversationId: 'before' })).toMatchObject({
        status: 404,
      });
    });

    it('the first message makes its sender and its recipient the members', async () => {
      const fresh = { ...message, conversationId: 'fresh' };
      expect(await app.call('/api/messages', fresh)).toMatchObject({ status: 202 });
      expect(await asStranger('/api/messages', fresh)).toMatchObject({ status: 404 });
      expect(await app.call('/api/messages', { ...fresh, recipientId: 'ada' }, 'grace')).toMatchObject({
        status: 202,
      });
    });

    it('an announcement is stopped and made by people with that right only', async () => {
      expect(await app.call('/api/announcements', { content: 'Spam' })).toMatchObject({ status: 403 });
      expect(await app.request('/api/announcements/any', { method: 'DELETE' })).toMatchObject({
        status: 403,
      });
      const { answer } = await app.call('/api/announcements', { content: 'Rain' }, 'town-hall');
      const copies = `/api/conversations/${answer.batchId}/messages`;
      expect(await app.call(copies)).toMatchObject({ status: 404 });
      await app.request(`/api/announcements/${answer.batchId}`, { method: 'DELETE' }, 'town-hall');
    });
  });
});
