import { ChatStage } from './chat.fixture.js';
import type { ChatApp } from './chat.fixture.js';

interface Init extends RequestInit {
  readonly headers?: Record<string, string>;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (body: string): Init => ({ method: 'POST', headers: JSON_TYPE, body });

/** Everything that the app's server answers in one way or another. */
const ANSWERS: readonly [path: string, status: number, kind: 'page' | 'asset' | 'board' | 'answer', Init?][] =
  [
    ['/', 200, 'page'],
    ['/assets/chat.js', 200, 'asset'],
    ['/assets/message-client.js', 200, 'asset'],
    ['/assets/nothing.js', 404, 'asset'],
    ['/api/conversations', 200, 'answer'],
    ['/api/conversations/c1/messages', 200, 'answer'],
    ['/api/queues', 200, 'answer'],
    ['/api/session', 200, 'answer', { headers: { cookie: '' } }],
    ['/api/queues', 401, 'answer', { headers: { cookie: '' } }],
    ['/api/search', 400, 'answer'],
    ['/api/announcements/none', 404, 'answer'],
    ['/api/messages', 400, 'answer', post('{')],
    ['/api/messages', 400, 'answer', post('{}')],
    ['/api/messages', 413, 'answer', post(JSON.stringify('x'.repeat(200_000)))],
    ['/api/messages', 415, 'answer', { method: 'POST', body: 'Hello' }],
    ['/nowhere', 404, 'answer'],
    ['/%E0%A4%A', 404, 'answer'],
    ['/socket.io/?EIO=4&transport=polling', 400, 'answer'],
    ['/socket.io/?EIO=4&transport=none', 400, 'answer'],
    ['/admin/queues', 200, 'board'],
    ['/admin/queues/api/queues', 200, 'board'],
    [
      '/admin/queues/api/queues/none/pause',
      403,
      'board',
      { method: 'PUT', headers: { origin: 'http://evil' } },
    ],
    ['/admin/queues/static/none.js', 404, 'board'],
  ];

describe('The reference app over HTTP', () => {
  const stage = new ChatStage();
  afterEach(() => stage.clear());

  async function expectHeaders(
    app: ChatApp,
    [path, status, kind, init]: (typeof ANSWERS)[number],
  ): Promise<void> {
    const headers = { ...init?.headers, cookie: init?.headers?.['cookie'] ?? app.cookieOf('ada') };
    const answer = await fetch(app.url + path, { ...init, headers });
    await answer.arrayBuffer();
    const header = (name: string): string | null => answer.headers.get(name);
    expect([path, answer.status]).toEqual([path, status]);
    expect([path, header('x-powered-by')]).toEqual([path, null]);
    expect([path, header('x-content-type-options')]).toEqual([path, 'nosniff']);
    expect([path, header('x-frame-options')]).toEqual([path, 'DENY']);
    expect([path, header('referrer-policy')]).toEqual([path, 'no-referrer']);
    const isKept = kind === 'page' || kind === 'asset';
    expect([path, header('cache-control')]).toEqual([path, isKept ? 'no-cache' : 'no-store']);
    const policy = header('content-security-policy') ?? '';
    expect([path, policy]).toEqual([path, expect.stringContaining("frame-ancestors 'none'")]);
    expect([path, policy]).toEqual([path, expect.stringContaining("default-src 'none'")]);
    // Only what is a page may run or load anything, and only its own.
    const scripts = /script-src ([^;]*)/.exec(policy)?.[1];
    expect([path, scripts]).toEqual([path, kind === 'page' || kind === 'board' ? "'self'" : undefined]);
  }

  it('says with every answer that it must not be framed, sniffed or kept, and not what serves it', async () => {
    const app = await stage.start();
    for (const answer of ANSWERS) await expectHeaders(app, answer);
  });

  it('says so too where the chat and the board are closed', async () => {
    const app = await stage.start({ environment: 'production', provider: 'memory', acceptInMemory: true });
    const nobody = { headers: { cookie: '' } };
    await expectHeaders(app, ['/', 200, 'page', nobody]);
    await expectHeaders(app, ['/api/session', 401, 'answer', nobody]);
    await expectHeaders(app, ['/api/conversations', 401, 'answer', nobody]);
    await expectHeaders(app, ['/admin/queues', 403, 'board', nobody]);
  });
});
