import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { MessageQueueModule } from '../../src/message-queue/message-queue.module.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/message-queue.options.js';

describe.each(['express', 'fastify'] as const)('The console in an app on %s', (platform) => {
  let app: INestApplication | undefined;

  afterEach(() => app?.close());

  async function start(
    options: MessageQueueModuleOptions,
    prefix?: string,
  ): Promise<(path: string) => Promise<Response>> {
    const module = await Test.createTestingModule({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider: 'memory', environment: 'development', acceptInMemory: true, builtInQueues: false },
          ...options,
        }),
      ],
    }).compile();
    app =
      platform === 'fastify'
        ? module.createNestApplication(new FastifyAdapter(), { logger: false })
        : module.createNestApplication({ logger: false });
    if (prefix !== undefined) app.setGlobalPrefix(prefix);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    return (path) => fetch(url + path);
  }
  const meta = (page: string, name: string): string | undefined =>
    new RegExp(`<meta name="${name}" content="([^"]*)"`).exec(page)?.[1];

  it.each([
    ['where it is by default', {}, undefined, '/admin/console', '/api/queue', '/admin/queues'],
    ['behind a global prefix', {}, 'v2', '/v2/admin/console', '/v2/api/queue', '/v2/admin/queues'],
    [
      'at paths of the host',
      { rest: { path: '/ops/api' }, console: { path: '/ops/console' } },
      undefined,
      '/ops/console',
      '/ops/api',
      '/admin/queues',
    ],
  ])('knows its own files, REST and the board %s', async (_, operations, prefix, address, rest, board) => {
    const get = await start({ operations }, prefix);
    for (const path of [address, `${address}/`, `${address}?x=1`]) {
      const response = await get(path);
      const page = await response.text();
      expect([path, response.status]).toEqual([path, 200]);
      expect(meta(page, 'rest-address')).toBe(rest);
      expect(meta(page, 'board-address')).toBe(board);
      const script = /<script type="module" src="([^"]*)"/.exec(page)?.[1] ?? '';
      expect(script).toBe(`${address}/app.js`);
      const file = await get(script);
      expect(file.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
      expect(file.headers.get('content-security-policy')).toContain("script-src 'self'");
      await file.text();
    }
    expect((await get(`${address}/nothing.js`)).status).toBe(404);
    const shown = await (await get(`${board}/`)).text();
    expect(shown).toContain(JSON.stringify({ text: 'Console', url: address }));
  });

  it('has no link to a board that is off, and the board none to a console that is off', async () => {
    const get = await start({ operations: {}, board: { enabled: false } });
    expect(meta(await (await get('/admin/console')).text(), 'board-address')).toBe('');
    await app?.close();
    const other = await start({ operations: { console: false } });
    expect(await (await other('/admin/queues/')).text()).not.toContain('Console');
    expect((await other('/admin/console')).status).toBe(404);
  });

  it('is shown to nobody in production unless somebody may see it', async () => {
    const get = await start({ operations: {}, environment: 'production', privacy: { sealing: 'off' } });
    expect((await get('/admin/console')).status).toBe(403);
    expect((await get('/admin/console/app.js')).status).toBe(403);
  });
});
