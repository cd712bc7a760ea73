import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { hashPassword } from '../../src/chat/sign-in/people/password-hash.js';
import { freePort, TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { Newcomer } from './newcomer.js';
import { listeningAddresses, NodeProcess } from './node-process.js';

interface Conversation {
  readonly items: readonly { readonly recipients: readonly { readonly status: string }[] }[];
}

describe('node dist/main.js', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  function start(environment: Record<string, string>): NodeProcess {
    const app = new NodeProcess('main.js', [], environment);
    ends.push(async () => {
      app.signalGroup('SIGKILL');
      await app.closed;
    });
    return app;
  }

  it('runs as web server and worker in two processes, and both end with 0 at SIGTERM, also at a second one', async () => {
    const redis = await TestRedis.start();
    ends.push(() => redis.stop());
    const directory = mkdtempSync(join(tmpdir(), 'mq-roles-'));
    ends.push(() => rmSync(directory, { recursive: true, force: true }));
    const shared = {
      ...{ REDIS_URL: redis.url, DATABASE_URL: join(directory, 'messages.db') },
      ENCRYPTION_KEYS: `k-1:${randomBytes(32).toString('base64')}`,
    };
    const url = `http://127.0.0.1:${await freePort()}`;
    const web = start({
      ...shared,
      NODE_ENV: 'development',
      MESSAGE_QUEUE_ROLE: 'producer',
      PORT: new URL(url).port,
    });
    // The same port: a worker has no use for it.
    const worker = start({ ...shared, MESSAGE_QUEUE_ROLE: 'worker', PORT: new URL(url).port });
    await web.says(/Stop +Ctrl-C/);
    await worker.says(/Jobs run here/);
    expect(listeningAddresses(worker.pid)).toEqual([]);
    expect(listeningAddresses(web.pid)).toEqual([new URL(url).host]);

    const newcomer = await Newcomer.at(url);
    const grace = io(url, {
      ...{ auth: { as: 'grace' }, extraHeaders: { cookie: newcomer.cookie } },
      ...{ transports: ['websocket'], forceNew: true },
    });
    ends.push(() => grace.disconnect());
    const received: string[] = [];
    grace.on('message', ({ messageId, content }: Record<string, string>, acknowledge: () => void) => {
      received.push(content!);
      acknowledge();
      grace.emit('message_confirm', { messageId, status: 'read' });
    });
    await new Promise<void>((resolve) => grace.once('connect', resolve));
    const posted = await newcomer.send('ada', {
      recipientId: 'grace',
      conversationId: 'c1',
      content: 'Hello!',
    });
    expect(posted.status).toBe(202);
    await waitUntil(async () => {
      const answer = await newcomer.ask('ada', '/api/conversations/c1/messages');
      const { items } = (await answer.json()) as Conversation;
      return items[0]?.recipients[0]?.status === 'read';
    }, 'the message to be read');
    expect(received).toEqual(['Hello!']);

    grace.disconnect();
    for (const app of [web, worker, worker]) app.signal('SIGTERM');
    expect([await web.closed, await worker.closed]).toEqual([0, 0]);
  });

  it('lets other machines in only when HOST says so, and then only those who sign in', async () => {
    const port = await freePort();
    const environment = { HOST: '0.0.0.0', PORT: String(port), MESSAGE_QUEUE_PROVIDER: 'memory' };
    for (const NODE_ENV of ['development', 'test', 'production', '']) {
      const open = start({ ...environment, NODE_ENV, MESSAGE_QUEUE_ACCEPT_IN_MEMORY: 'true' });
      expect(await open.closed).toBe(1);
      expect(open.output).toContain(
        'HOST=0.0.0.0 lets other machines reach the chat, which has no users: set CHAT_USERS',
      );
    }
    const CHAT_USERS = `ada:${await hashPassword('a password of some length')}`;
    const app = start({ ...environment, CHAT_USERS });
    await app.says(/Stop +Ctrl-C/);
    expect(listeningAddresses(app.pid)).toEqual([`0.0.0.0:${port}`]);
    expect((await fetch(`http://127.0.0.1:${port}/api/session`)).status).toBe(401);
    app.signal('SIGINT');
    expect(await app.closed).toBe(0);
    expect(app.output).toContain('Stopping: jobs that are running end first.');
  });

  it.each([
    [
      { MESSAGE_QUEUE_ROLE: 'worker' },
      'MESSAGE_QUEUE_PROVIDER=redis and REDIS_URL=redis://… and DATABASE_URL=',
    ],
    [{ MESSAGE_QUEUE_ROLE: 'producer', REDIS_URL: 'redis://127.0.0.1:1' }, 'others. Set DATABASE_URL='],
  ])('refuses a role that shares nothing and says what to set: %j', async (environment, advice) => {
    const app = start({ ...environment, PORT: '0' });
    expect(await app.closed).toBe(1);
    expect(app.output).toContain(advice);
  });
});
