import type { AppOptions } from '../../src/app.module.js';
import { io } from 'socket.io-client';
import { hashPassword } from '../../src/chat/sign-in/people/password-hash.js';
import { People } from '../../src/chat/sign-in/people/people.js';
import { Sessions } from '../../src/chat/sign-in/sessions.js';
import { SignInThrottle } from '../../src/chat/sign-in/sign-in-throttle.js';
import { AuditChain } from '../../src/message-queue/operations/index.js';
import { AuditAction } from '../../src/message-queue/ports/index.js';
import { waitUntil } from '../support/wait-until.js';
import { ChatStage } from './chat.fixture.js';
import type { ApiAnswer, ChatApp } from './chat.fixture.js';

const PASSWORDS = { ada: 'lovelace was here first', grace: 'hopper found the first bug' } as const;
const JSON_TYPE = { 'content-type': 'application/json' };

interface SignIn {
  readonly status: number;
  readonly cookie: string;
  readonly attributes: readonly string[];
  readonly retryAfter: number;
  readonly answer: ApiAnswer;
}

describe('Signing in to the reference chat in production', () => {
  const stage = new ChatStage();
  let chatUsers: string;
  let app: ChatApp;
  beforeAll(async () => {
    const [ada, grace] = await Promise.all([hashPassword(PASSWORDS.ada), hashPassword(PASSWORDS.grace)]);
    chatUsers = `ada+board+announce:${ada}, grace:${grace}`;
  });
  beforeEach(async () => {
    app = await stage.start(production());
  });
  afterEach(() => stage.clear());

  const production = (): AppOptions => ({
    ...{ environment: 'production', provider: 'memory', acceptInMemory: true },
    chatUsers,
  });

  async function signIn(name: string, password: string, headers = {}): Promise<SignIn> {
    const body = JSON.stringify({ name, password });
    const response = await fetch(`${app.url}/api/session`, {
      ...{ method: 'POST', headers: { ...JSON_TYPE, ...headers }, body },
    });
    const [cookie = '', ...attributes] = (response.headers.get('set-cookie') ?? '').split('; ');
    const retryAfter = Number(response.headers.get('retry-after'));
    return {
      status: response.status,
      cookie,
      attributes,
      retryAfter,
      answer: (await response.json()) as ApiAnswer,
    };
  }

  const get = (path: string, cookie = ''): Promise<Response> =>
    fetch(app.url + path, { headers: { cookie } });

  it('takes the right name and password, and nothing else; what is wrong is not said', async () => {
    const wrong: [string, string][] = [
      ['ada', PASSWORDS.grace],
      ['ada', ''],
      ['ada', `${PASSWORDS.ada} `],
      ['Ada', PASSWORDS.ada],
      ['nobody', PASSWORDS.ada],
      ['__proto__', PASSWORDS.ada],
      ['ada+board', PASSWORDS.ada],
    ];
    const answers = [];
    for (const [name, password] of wrong) answers.push(await signIn(name, password));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({
      status: 401,
      cookie: '',
      answer: { message: 'Name or password is wrong.' },
    });
    for (const body of [
      {},
      { name: 'ada' },
      { name: 7, password: [] },
      { name: 'ada', password: 'x'.repeat(257) },
    ])
      expect(await app.request('/api/session', { method: 'POST', body: JSON.stringify(body) })).toMatchObject(
        {
          status: 400,
        },
      );
    const { status, answer, cookie } = await signIn('ada', PASSWORDS.ada);
    expect({ status, answer }).toMatchObject({
      status: 201,
      answer: { people: [{ id: 'ada', rights: ['board', 'announce'] }], isMadeUp: false },
    });
    expect(JSON.stringify(answer)).not.toContain('scrypt');
    expect((await get('/api/conversations', cookie)).status).toBe(200);
  });

  it('keeps the session in a cookie that scripts, other sites and other hosts do not get', async () => {
    const { cookie, attributes } = await signIn('grace', PASSWORDS.grace);
    const { port } = new URL(app.url);
    expect(cookie).toMatch(new RegExp(`^chat-session-${port}=`));
    expect(attributes).toEqual(['Max-Age=43200', 'Path=/', 'HttpOnly', 'SameSite=Strict']);
    const sessions = app.app.get(Sessions, { strict: false });
    for (const host of [
      'chat.example.org',
      'chat.example.org:8443',
      '10.0.0.5:5001',
      'localhost.example.org',
    ]) {
      const [name, ...others] = sessions.open([{ id: 'ada', name: 'ada', rights: [] }], host).split('; ');
      expect(name).toMatch(/^__Host-chat-session=/);
      expect(others).toEqual(['Max-Age=43200', 'Path=/', 'HttpOnly', 'SameSite=Strict', 'Secure']);
    }
    const out = await fetch(`${app.url}/api/session`, { method: 'DELETE', headers: { cookie } });
    expect(out.status).toBe(204);
    expect(out.headers.get('set-cookie')).toMatch(/^chat-session-\d+=; Max-Age=0;/);
  });

  it('ends after 12 hours, on an open socket too', async () => {
    const { cookie } = await signIn('grace', PASSWORDS.grace);
    const [, value = ''] = /=([^.]+)/.exec(cookie) ?? [];
    const { until } = JSON.parse(Buffer.from(value, 'base64url').toString()) as { until: number };
    expect(until - Date.now()).toBeLessThanOrEqual(12 * 60 * 60 * 1_000);
    const clock = { now: () => Date.now() - 12 * 60 * 60 * 1_000 + 400 };
    const early = new Sessions(People.from(chatUsers), clock, chatUsers);
    const [ending = ''] = early
      .open([{ id: 'grace', name: 'grace', rights: [] }], new URL(app.url).host)
      .split(';');
    const socket = io(app.url, {
      extraHeaders: { cookie: ending },
      transports: ['websocket'],
      forceNew: true,
    });
    stage.atEnd(() => socket.disconnect());
    const ended = new Promise((resolve) => socket.once('disconnect', resolve));
    expect(await ended).toBe('io server disconnect');
    await waitUntil(async () => (await get('/api/conversations', ending)).status === 401, 'it to be over');
  });

  it('outlives a restart, but not a change of CHAT_USERS', async () => {
    const { cookie } = await signIn('grace', PASSWORDS.grace);
    const [, value = ''] = cookie.split('=');
    const asGrace = (other: ChatApp): Promise<Response> =>
      fetch(`${other.url}/api/conversations`, {
        headers: { cookie: `chat-session-${new URL(other.url).port}=${value}` },
      });
    expect((await asGrace(await stage.start(production()))).status).toBe(200);
    const changed = chatUsers.replace(/ada[^,]+/, `ada:${await hashPassword('another one of twelve')}`);
    expect((await asGrace(await stage.start({ ...production(), chatUsers: changed }))).status).toBe(401);
  });

  it('takes five wrong passwords a minute per name, then none, be it the right one; others may still', async () => {
    const lines = jest.spyOn(console, 'warn').mockImplementation();
    stage.atEnd(() => lines.mockRestore());
    const wrong = await Promise.all(
      Array.from({ length: 12 }, (_, n) => signIn('ada', `wrong password ${n}`)),
    );
    expect(wrong.map(({ status }) => status).sort()).toEqual([
      ...Array.from({ length: 5 }, () => 401),
      ...Array.from({ length: 7 }, () => 429),
    ]);
    const right = await signIn('ada', PASSWORDS.ada, { 'x-forwarded-for': '203.0.113.7' });
    expect(right).toMatchObject({ status: 429, cookie: '' });
    expect(right.retryAfter).toBeGreaterThan(0);
    expect(right.retryAfter).toBeLessThanOrEqual(60);
    expect(await signIn('grace', PASSWORDS.grace)).toMatchObject({ status: 201 });
    const chain = app.app.get(AuditChain, { strict: false });
    const entries = await waitUntil(async () => {
      const { items } = await chain.list({ actions: [AuditAction.SIGN_IN_REFUSED] });
      return items.length > 0 && items;
    }, 'the audit');
    expect(entries).toEqual([
      expect.objectContaining({ actor: 'chat', count: 5, target: await chain.target('principal', 'ada') }),
    ]);
  });

  it('checks a few passwords at once, and sends away who is too many without holding it against them', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => signIn(`flood-${n}`, 'whatever it is')),
    );
    const busy = answers.filter(({ status }) => status === 503);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 503]));
    expect(busy.every(({ retryAfter }) => retryAfter === 1)).toBe(true);
    expect(answers.length - busy.length).toBeGreaterThanOrEqual(22);
    const throttle: unknown = app.app.get(SignInThrottle, { strict: false });
    const { attempts } = throttle as { attempts: Map<string, unknown> };
    expect(attempts.size).toBe(answers.length - busy.length);
    expect(await signIn('ada', PASSWORDS.ada)).toMatchObject({ status: 201 });
  });

  it('shows the board to people with that right only', async () => {
    const [ada, grace] = [await signIn('ada', PASSWORDS.ada), await signIn('grace', PASSWORDS.grace)];
    const board = async (cookie: string): Promise<number> => (await get('/admin/queues', cookie)).status;
    expect([await board(''), await board(grace.cookie), await board(ada.cookie)]).toEqual([401, 403, 200]);
    const pause = (cookie: string): Promise<Response> =>
      fetch(`${app.url}/admin/queues/api/queues/message-indexing/pause`, {
        method: 'PUT',
        headers: { cookie },
      });
    expect([(await pause(grace.cookie)).status, (await pause(ada.cookie)).status]).toEqual([403, 200]);
  });

  it('gives everybody a conversation with each other person and with the guide, which begins with its first message', async () => {
    const [ada, grace] = [await signIn('ada', PASSWORDS.ada), await signIn('grace', PASSWORDS.grace)];
    const { items } = (await (await get('/api/conversations', grace.cookie)).json()) as {
      items: { id: string; title: string }[];
    };
    expect(items).toMatchObject([
      { id: 'direct:ada:grace', title: 'ada' },
      { id: 'direct:grace:guide', title: 'Guide' },
    ]);
    const path = `/api/conversations/${encodeURIComponent(items[0]!.id)}/messages`;
    expect((await get(path, ada.cookie)).status).toBe(404);
    const body = JSON.stringify({ recipientId: 'ada', conversationId: items[0]!.id, content: 'Hello' });
    const headers = { ...JSON_TYPE, cookie: grace.cookie };
    expect((await fetch(`${app.url}/api/messages`, { method: 'POST', headers, body })).status).toBe(202);
    expect([(await get(path, ada.cookie)).status, (await get(path)).status]).toEqual([200, 401]);
  });
});
