import { createServer, request as ask } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, RequestOptions, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { refuse } from '../http/refuse.js';
import type { ConsolePlace } from './console-files.js';
import { consoleStep } from './console-step.js';

const PLACE: ConsolePlace = {
  address: '/admin/console',
  restAddress: '/api/queue',
  boardAddress: '/admin/queues',
  title: 'Queues "of" <b>ACME</b>',
};

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('The console’s files', () => {
  let server: Server;

  beforeAll(async () => {
    const step = consoleStep(PLACE);
    server = createServer((request, response) => {
      step(request, response, () => refuse(response, 418, 'passed on'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  /** Asks for a path exactly as it is written. */
  async function get(path: string, options: RequestOptions = {}): Promise<Answer> {
    const { port } = server.address() as AddressInfo;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      ask({ port, path, ...options }, resolve)
        .on('error', reject)
        .end();
    });
    return { status: response.statusCode, headers: response.headers, body: await text(response) };
  }

  it('begin with a page that knows where REST and the board are, and in which no text is markup', async () => {
    const { status, headers, body } = await get('/');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(body).toContain('<meta name="rest-address" content="/api/queue" />');
    expect(body).toContain('<meta name="board-address" content="/admin/queues" />');
    expect(body).toContain('<script type="module" src="/admin/console/app.js"></script>');
    expect(body).toContain('<title>Queues &#34;of&#34; &#60;b&#62;ACME&#60;/b&#62;</title>');
    expect(body).not.toContain('{{');
    expect((await get('/?hours=6')).body).toBe(body);
  });

  it.each([
    ['/app.js', 'text/javascript; charset=utf-8'],
    ['/styles/theme.css', 'text/css; charset=utf-8'],
    ['/icon.svg', 'image/svg+xml'],
    ['/vendor/uplot.js', 'text/javascript; charset=utf-8'],
    ['/vendor/uplot.LICENSE.txt', 'text/plain; charset=utf-8'],
  ])('%s is served as %s', async (path, type) => {
    const { status, headers, body } = await get(path);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(type);
    expect(body.length).toBeGreaterThan(100);
  });

  it.each(['/', '/app.js', '/nothing.js'])(
    '%s may run and ask nothing foreign, and be framed by nobody',
    async (path) => {
      const { headers } = await get(path);
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
          "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
      );
      expect(headers).toMatchObject({
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
      });
    },
  );

  it('are asked about each time, and sent again only when they changed', async () => {
    const { headers } = await get('/app.js');
    expect(headers['cache-control']).toBe('private, no-cache');
    const etag = headers.etag ?? '';
    expect(etag).toMatch(/^"[\w-]{27}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await get('/app.js', { headers: { 'if-none-match': known } });
      expect(again).toMatchObject({ status: 304, body: '' });
      expect(again.headers.etag).toBe(etag);
      expect(again.headers['content-length']).toBeUndefined();
    }
    expect((await get('/app.js', { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    expect((await get('/styles/theme.css')).headers.etag).not.toBe(etag);
  });

  it('answer HEAD without a body', async () => {
    const { headers } = await get('/app.js');
    const head = await get('/app.js', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe(headers['content-length']);
    expect(head.headers.etag).toBe(headers.etag);
  });

  it.each([
    '/nothing.js',
    '/index.html',
    '/pages',
    '/pages/',
    '/../console-step.js',
    '/pages/../app.js',
    '/%2e%2e/console-step.js',
    '/..%2f..%2fpackage.json',
    '/vendor/..\\app.js',
    '//app.js',
    '/app.js%00.txt',
    '/__proto__',
    '/constructor',
  ])('are known by name: %s is not among them', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('change nothing: %s is refused', async (method) => {
    const { status, headers } = await get('/', { method });
    expect(status).toBe(405);
    expect(headers.allow).toBe('GET, HEAD');
  });
});
