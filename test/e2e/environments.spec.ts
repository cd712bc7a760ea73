import { randomBytes } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { io } from 'socket.io-client';
import { AppModule } from '../../src/app.module.js';
import type { AppOptions } from '../../src/app.module.js';
import { opensUnlocked } from '../../src/message-queue/operations/index.js';
import { MESSAGE_QUEUE_CONFIG } from '../../src/message-queue/index.js';
import type { MessageQueueConfig } from '../../src/message-queue/index.js';

/** What NODE_ENV says, what it stands for, whether anything is open, and whether it refuses what only seems to work. */
type Row = [
  named: string | undefined,
  environment: MessageQueueConfig['environment'],
  open: boolean,
  strict: boolean,
];

const ROWS: readonly Row[] = [
  ['development', 'development', true, false],
  ['test', 'test', true, false],
  [undefined, 'unset', false, false],
  ['', 'unset', false, false],
  ['production', 'production', false, true],
  ['staging', 'production', false, true],
  ['prod', 'production', false, true],
  ['Development', 'production', false, true],
  ['development ', 'production', false, true],
  ['unset', 'production', false, true],
];

const KEYS = { ENCRYPTION_KEYS: `k-1:${randomBytes(32).toString('base64')}` };
const PLAIN = { ...KEYS, MESSAGE_QUEUE_PROVIDER: 'memory', MESSAGE_QUEUE_ACCEPT_IN_MEMORY: 'true' };

describe('What NODE_ENV opens', () => {
  const before = { ...process.env };
  const apps: INestApplication[] = [];

  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    process.env = { ...before };
  });

  async function start(
    named: string | undefined,
    variables: object,
    options: AppOptions = {},
  ): Promise<INestApplication> {
    const { NODE_ENV: _ours, ...rest } = before;
    process.env = { ...rest, ...variables, ...(named !== undefined && { NODE_ENV: named }) };
    const module = await Test.createTestingModule({ imports: [AppModule.register(options)] }).compile();
    const app = module.createNestApplication({ logger: false });
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    return app;
  }

  const status = async (app: INestApplication, path: string, init: RequestInit = {}): Promise<number> =>
    (await fetch((await app.getUrl()) + path, init)).status;

  /** Signs in as a browser of this machine does. @returns the cookie; empty when nobody may */
  async function signIn(app: INestApplication, headers = {}): Promise<string> {
    const answer = await fetch(`${await app.getUrl()}/api/session`, { headers });
    expect(answer.status).toBe(answer.headers.has('set-cookie') ? 200 : 401);
    return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  }

  /** What ada's device is told. */
  async function connect(app: INestApplication, cookie: string): Promise<string> {
    const socket = io(await app.getUrl(), {
      ...{ auth: { as: 'ada' }, extraHeaders: { cookie }, transports: ['websocket'] },
      ...{ forceNew: true, reconnection: false },
    });
    try {
      return await new Promise((resolve) => {
        socket.once('connect', () => resolve('connected'));
        socket.once('connect_error', ({ message }) => resolve(message));
      });
    } finally {
      socket.disconnect();
    }
  }

  it.each(ROWS)('%j is %s: board and chat open %s, strict %s', async (named, environment, open, strict) => {
    const app = await start(named, PLAIN);
    expect(app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG).environment).toBe(environment);
    expect(opensUnlocked(environment)).toBe(open);
    expect(await status(app, '/admin/queues')).toBe(open ? 200 : 403);
    expect(await (await fetch(`${await app.getUrl()}/admin/queues`)).text()).toMatch(
      open ? '<title>Message queues' : 'The board of the message queues is closed until',
    );
    // A request that a proxy passed on, which may be anybody's.
    expect(await status(app, '/admin/queues', { headers: { 'x-forwarded-for': '127.0.0.1' } })).toBe(403);
    for (const header of ['x-forwarded-for', 'x-forwarded-host', 'forwarded', 'via'])
      expect(await signIn(app, { [header]: '127.0.0.1' })).toBe('');
    const cookie = await signIn(app);
    expect(cookie !== '').toBe(open);
    const headers = { cookie, 'chat-as': 'ada', 'content-type': 'application/json' };
    for (const path of ['/api/conversations', '/api/conversations/c1/messages', '/api/queues'])
      expect([path, await status(app, path, { headers })]).toEqual([path, open ? 200 : 401]);
    const sent = { recipientId: 'grace', conversationId: 'c1', content: 'Hello!' };
    const post = { method: 'POST', headers, body: JSON.stringify(sent) };
    expect(await status(app, '/api/messages', post)).toBe(open ? 202 : 401);
    expect(await connect(app, cookie)).toMatch(open ? /^connected$/ : /^Nobody can sign in: .*CHAT_USERS/);

    const plain = start(named, {});
    if (strict) await expect(plain).rejects.toThrow(/ask for "memory" by name/);
    else await plain;
    const memory = start(named, { ...KEYS, MESSAGE_QUEUE_PROVIDER: 'memory' });
    if (strict) await expect(memory).rejects.toThrow(/nobody plugged in the ports below/);
    else await memory;
  });

  it('is left to npm start only where it is not set', async () => {
    const app = await start('staging', PLAIN, { environmentIfUnset: 'development' });
    expect([await signIn(app), await status(app, '/admin/queues')]).toEqual(['', 403]);
    const newcomer = await start(undefined, PLAIN, { environmentIfUnset: 'development' });
    expect([await signIn(newcomer), await status(newcomer, '/admin/queues')]).toEqual([
      expect.stringContaining('chat-session'),
      200,
    ]);
  });

  it('holds for the option in its place too', async () => {
    for (const environment of ['unset', 'Development', '', null] as unknown as 'production'[]) {
      const app = await start('development', PLAIN, { environment });
      expect([await signIn(app), await status(app, '/admin/queues')]).toEqual(['', 403]);
    }
  });
});
