import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { MessageQueueModule } from '../../src/message-queue/message-queue.module.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/message-queue.options.js';
import { OperationsModule } from '../../src/message-queue/operations/operations.module.js';
import { PART_MAKERS } from '../../src/message-queue/operations/parts.js';
import type { PartMakers } from '../../src/message-queue/operations/parts.js';
import type { HttpStep } from '../../src/message-queue/operations/http/mount.js';
import type { Exchange } from '../../src/message-queue/operations/http/exchange.js';
import { BodyError } from '../../src/message-queue/operations/http/json-body.js';

type Options = MessageQueueModuleOptions;

/** Says what it was asked for. */
async function echo(exchange: Exchange): Promise<boolean> {
  const { path, segments, query, visitor, method } = exchange;
  try {
    const body = exchange.isChange ? ((await exchange.json(2_000)) ?? null) : null;
    exchange.sendJson(200, { path, segments, query: Array.from(query), visitor, method, body });
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    exchange.sendJson(error.status, { problem: error.message });
  }
  return true;
}

const page: HttpStep = (_request, response) => {
  response.end('page');
};

const MAKERS: PartMakers = {
  rest: () => ({
    knows: ({ segments }) => segments?.[0] !== 'elsewhere',
    answer: echo,
    beside: { '/queue/metrics': echo },
  }),
  console: () => page,
  metrics: () => page,
};

describe.each(['express', 'fastify'] as const)('The operations on %s', (platform) => {
  const apps: INestApplication[] = [];

  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });

  async function start(
    options: Options,
    setUp?: (app: INestApplication) => void,
    host: NestApplicationOptions = {},
  ): Promise<INestApplication> {
    const module = await Test.createTestingModule({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider: 'memory', environment: 'development', acceptInMemory: true, builtInQueues: false },
          ...options,
        }),
      ],
    })
      .overrideProvider(PART_MAKERS)
      .useValue(MAKERS)
      .compile();
    const app =
      platform === 'fastify'
        ? module.createNestApplication(new FastifyAdapter(), { logger: false, ...host })
        : module.createNestApplication({ logger: false, ...host });
    setUp?.(app);
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    return app;
  }

  const ask = async (app: INestApplication, path: string, init: RequestInit = {}): Promise<Response> =>
    fetch((await app.getUrl()) + path, init);

  const statusOf = async (app: INestApplication, path: string): Promise<number> => {
    const answer = await ask(app, path);
    await answer.arrayBuffer();
    return answer.status;
  };

  const EVERYWHERE = [
    '/api/queue',
    '/api/queue/queues/a',
    '/queue/metrics',
    '/admin/console/',
    '/metrics',
    '/health/live',
    '/health/ready',
  ];

  it.each<[string, Options['operations'], readonly number[]]>([
    ['nothing without operations', undefined, [404, 404, 404, 404, 404, 404, 404]],
    ['all but probes with {}', {}, [200, 200, 200, 200, 200, 404, 404]],
    ['what is true', { rest: true, console: false, probes: true }, [200, 200, 200, 404, 200, 200, 200]],
    ['what is not false', { console: false, metrics: false }, [200, 200, 200, 404, 404, 404, 404]],
    ['metrics alone', { rest: false }, [404, 404, 404, 404, 200, 404, 404]],
  ])('mounts %s', async (_, operations, statuses) => {
    const app = await start({ operations });
    const found = await Promise.all(EVERYWHERE.map((path) => statusOf(app, path)));
    expect(found).toEqual(statuses);
  });

  it('mounts where it is told to, behind the global prefix unless that excludes it', async () => {
    const operations = { rest: { path: '/ops/api' }, metrics: { path: '/prom' }, probes: true } as const;
    const app = await start({ operations }, (host) =>
      host.setGlobalPrefix('v2', { exclude: ['prom', 'health/live'] }),
    );
    const at = [
      '/v2/ops/api/x',
      '/v2/admin/console',
      '/prom',
      '/health/live',
      '/v2/health/ready',
      '/v2/queue/metrics',
    ];
    expect(await Promise.all(at.map((path) => statusOf(app, path)))).toEqual([200, 200, 200, 200, 200, 200]);
    const notAt = ['/ops/api/x', '/v2/api/queue', '/v2/prom', '/metrics', '/admin/console', '/health/ready'];
    expect(await Promise.all(notAt.map((path) => statusOf(app, path)))).toEqual([
      404, 404, 404, 404, 404, 404,
    ]);
    expect(app.get(OperationsModule).addresses).toEqual({
      board: '/v2/admin/queues',
      rest: '/v2/ops/api',
      console: '/v2/admin/console',
      metrics: '/prom',
    });
  });

  it('tells a part its own path, and leaves to the host what the part does not know', async () => {
    const app = await start({ operations: {} });
    const told = async (path: string): Promise<unknown> => (await ask(app, path)).json();
    expect(await told('/api/queue/jobs/a%2Fb/%E2%9C%93/?q=1&q=2')).toMatchObject({
      path: '/jobs/a%2Fb/%E2%9C%93/',
      segments: ['jobs', 'a/b', '\u2713'],
      query: [
        ['q', '1'],
        ['q', '2'],
      ],
      visitor: { name: 'local', role: 'operator' },
    });
    expect(await told('/api/queue')).toMatchObject({ path: '/', segments: [] });
    expect(await told('/api/queue//x//')).toMatchObject({ segments: ['', 'x', ''] });
    // Fastify refuses what is no encoding itself.
    const broken = platform === 'express' ? { segments: null } : { statusCode: 400 };
    expect(await told('/api/queue/%E0%A4%A')).toMatchObject(broken);
    expect(await statusOf(app, '/api/queue/elsewhere')).toBe(404);
    const beside = ['/metrics/more', '/queue/metrics/x', '/api/queuex', '/health/livex'];
    for (const path of beside) expect([path, await statusOf(app, path)]).toEqual([path, 404]);
    // As a rule one that goes around the door by another spelling finds nothing there.
    for (const path of ['//api/queue', '/api//queue/x', '/api/queue%2Fx'])
      expect([404, 400]).toContain(await statusOf(app, path));
  });

  it.each<[string, RequestInit, number, unknown]>([
    ['an object', { body: '{"a":1}' }, 200, { a: 1 }],
    ['nothing', {}, 200, null],
    ['no JSON', { body: '{"a":' }, 400, undefined],
    ['too much', { body: JSON.stringify({ a: 'x'.repeat(3_000) }) }, 413, undefined],
    [
      'a form',
      { body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      undefined,
    ],
    ['text', { body: 'a', headers: { 'content-type': 'text/plain' } }, 415, undefined],
  ])('reads a body: %s', async (_, init, status, body) => {
    const app = await start({ operations: {} });
    const headers = { 'content-type': 'application/json', ...(init.headers as Record<string, string>) };
    const answer = await ask(app, '/api/queue/jobs', { method: 'POST', ...init, headers });
    expect(answer.status).toBe(status);
    if (body !== undefined) expect(await answer.json()).toMatchObject({ body });
  });

  it('reads no more than it may of a body that does not say its length', async () => {
    // Without the host's parsers, which have limits and answers of their own.
    const app = await start({ operations: {} }, undefined, { bodyParser: false });
    const sent = new ReadableStream({
      start: (controller) => {
        for (let n = 0; n < 30; n += 1) controller.enqueue(new TextEncoder().encode(' '.repeat(100)));
        controller.close();
      },
    });
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: sent, duplex: 'half' } as RequestInit;
    expect((await ask(app, '/api/queue/jobs', init)).status).toBe(413);
  });

  it('answers a method that there is not, a HEAD without a body, and probes to all', async () => {
    const app = await start({ operations: { probes: true } });
    expect((await ask(app, '/api/queue/x', { method: 'OPTIONS' })).status).toBe(405);
    const head = await ask(app, '/api/queue/x', { method: 'HEAD' });
    expect([head.status, Number(head.headers.get('content-length')) > 10, await head.text()]).toEqual([
      200,
      true,
      '',
    ]);
    expect((await ask(app, '/health/live', { headers: { 'x-forwarded-for': '10.0.0.1' } })).status).toBe(200);
    expect((await ask(app, '/health/live', { method: 'POST' })).status).toBe(405);
    expect((await ask(app, '/api/queue', { headers: { 'x-forwarded-for': '10.0.0.1' } })).status).toBe(403);
  });
});
