import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as send } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable, UnauthorizedException } from '@nestjs/common';
import type { CanActivate, ExecutionContext, INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { OperatorEntry } from '../../src/message-queue/broker/activity-store.js';
import { Broker } from '../../src/message-queue/broker/broker.js';
import { Clock } from '../../src/kernel/time/clock.js';
import { MessageQueueModule } from '../../src/message-queue/message-queue.module.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/message-queue.options.js';
import type { Exchange } from '../../src/message-queue/operations/http/exchange.js';
import { hashOperatorPassword, usersAccess } from '../../src/message-queue/operations/index.js';
import { PART_MAKERS } from '../../src/message-queue/operations/parts.js';
import type { PartMakers } from '../../src/message-queue/operations/parts.js';
import { ManualClock } from '../../src/kernel/time/manual-clock.js';
import { waitUntil } from '../support/wait-until.js';

type Options = MessageQueueModuleOptions;
type Platform = 'express' | 'fastify';

async function answer(exchange: Exchange): Promise<boolean> {
  if (exchange.isChange) await exchange.json();
  exchange.sendJson(200, exchange.visitor);
  return true;
}

const MAKERS: PartMakers = {
  rest: () => ({ knows: () => true, answer, beside: {} }),
  console: () => (_request, response) => void response.end('console'),
  metrics: () => (_request, response) => void response.end('metrics'),
};

const ANN = 'ann:correct horse battery';
const BEN = 'ben:staple of the battery';
const LISTS = { operators: ANN, viewers: BEN };
const TOKEN = 'a-token-of-some-length';
const as = (user: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(user, 'utf8').toString('base64')}`,
});
const JSON_TYPE = { 'content-type': 'application/json' };

/** Sets what the platform's own request says. */
@Injectable()
class OperatorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<{ query: Record<string, string>; operator?: unknown }>();
    const { who } = request.query;
    if (who === 'late') throw new UnauthorizedException('Your session is over.');
    if (who === 'ann') request.operator = { name: 'ann', role: 'operator' };
    if (who === 'odd') request.operator = { name: 'odd', role: 'admin' };
    return who !== 'eve';
  }
}

describe('Who may use the operations', () => {
  const apps: INestApplication[] = [];
  const clock = new ManualClock();
  const directory = mkdtempSync(join(tmpdir(), 'access-'));
  const before = { ...process.env };

  afterEach(async () => {
    process.env = { ...before };
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  async function start(
    platform: Platform,
    options: Options,
    { proxied = false, hasClock = false } = {},
  ): Promise<INestApplication> {
    const registered = MessageQueueModule.forRoot({
      ...{ provider: 'memory', environment: 'production', acceptInMemory: true, builtInQueues: false },
      privacy: { sealing: 'off' },
      ...options,
    });
    const builder = Test.createTestingModule({ imports: [registered] })
      .overrideProvider(PART_MAKERS)
      .useValue(MAKERS);
    if (hasClock) builder.overrideProvider(Clock).useValue(clock);
    const module = await builder.compile();
    const app =
      platform === 'fastify'
        ? module.createNestApplication(new FastifyAdapter({ trustProxy: proxied }), { logger: false })
        : module.createNestApplication<NestExpressApplication>({ logger: false });
    if (proxied && platform === 'express') (app as NestExpressApplication).set('trust proxy', true);
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    return app;
  }

  const ask = async (app: INestApplication, path: string, init: RequestInit = {}): Promise<Response> =>
    fetch((await app.getUrl()) + path, init);

  const statusOf = async (app: INestApplication, path: string, init: RequestInit = {}): Promise<number> => {
    const response = await ask(app, path, init);
    await response.arrayBuffer();
    return response.status;
  };

  const notes = (app: INestApplication): Promise<readonly OperatorEntry[]> =>
    app.get(Broker, { strict: false }).activity.notes({ limit: 200 });

  const PLACES = ['/api/queue/overview', '/admin/console', '/metrics', '/admin/queues'];
  const CHANGES: readonly (readonly [string, string])[] = [
    ['POST', '/api/queue/queues/a/pause'],
    ['DELETE', '/api/queue/jobs/a/1'],
    ['POST', '/admin/console'],
    ['PUT', '/admin/queues/api/queues/pause'],
  ];
  const WHO = { nobody: {}, viewer: as(BEN), operator: as(ANN) } as const;
  const FROM = (url: string): Record<string, Record<string, string>> => ({
    'no browser': {},
    'its own page': { origin: url, 'sec-fetch-site': 'same-origin' },
    'its own page on plain HTTP': { origin: url },
    'another site': { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' },
    'another site on plain HTTP': { origin: 'http://evil.example' },
    'another site that says it is not': { origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' },
    'a page without an origin': { origin: 'null' },
    'a neighbour': { 'sec-fetch-site': 'same-site' },
    'an address that somebody typed': { 'sec-fetch-site': 'none' },
  });

  describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
    it('is asked at every door, of everybody, wherever they come from', async () => {
      const app = await start(platform, { operations: LISTS });
      const url = await app.getUrl();
      const allowed = { nobody: [401, 401], viewer: [200, 403], operator: [200, 200] } as const;
      for (const [who, headers] of Object.entries(WHO)) {
        const [look, change] = allowed[who as keyof typeof WHO];
        for (const [from, origin] of Object.entries(FROM(url))) {
          const isForeign = /another|neighbour|typed|without an origin/.test(from);
          for (const path of PLACES) {
            const status = await statusOf(app, path, { headers: { ...headers, ...origin } });
            expect([who, from, path, status]).toEqual([who, from, path, look]);
          }
          for (const [method, path] of CHANGES) {
            const init = { method, headers: { ...headers, ...origin } };
            const expected = isForeign ? 403 : change;
            expect([who, from, path, await statusOf(app, path, init)]).toEqual([who, from, path, expected]);
          }
        }
      }
    });

    it('is nobody in production, whatever is sent, and this machine in development and tests', async () => {
      for (const environment of ['production', undefined] as const) {
        delete process.env['NODE_ENV'];
        const app = await start(platform, { operations: {}, environment });
        for (const path of PLACES) expect([path, await statusOf(app, path)]).toEqual([path, 403]);
        for (const path of PLACES)
          expect([path, await statusOf(app, path, { headers: as(ANN) })]).toEqual([path, 403]);
      }
      for (const environment of ['development', 'test'] as const) {
        const app = await start(platform, { operations: {}, environment });
        for (const path of PLACES) expect([path, await statusOf(app, path)]).toEqual([path, 200]);
        const proxied = { headers: { 'x-forwarded-for': '127.0.0.1' } };
        for (const path of PLACES) expect([path, await statusOf(app, path, proxied)]).toEqual([path, 403]);
        // A name that somebody else points here.
        for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example']) {
          for (const path of PLACES) {
            expect([host, path, await withHost(app, path, host)]).toEqual([host, path, 403]);
          }
        }
        for (const host of ['localhost', '[::1]:80', 'ops.localhost:1'])
          expect([host, await withHost(app, '/metrics', host)]).toEqual([host, 200]);
        expect(await without(app, 'GET /metrics HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 403 /);
      }
    });

    it('is who operations.access says, at once or later, and nobody where it fails', async () => {
      const access = async (request: object): Promise<{ name: string; role: 'viewer' } | null> => {
        const { query } = request as { query: Record<string, string> };
        await Promise.resolve();
        if (query['who'] === 'late') throw new UnauthorizedException('Your session is over.');
        if (query['who'] === 'bug') throw new Error('secret');
        if (query['who'] === 'odd') return { name: 'a\r\nb', role: 'viewer' };
        return query['who'] === 'ben' ? { name: 'ben', role: 'viewer' } : null;
      };
      const app = await start(platform, { operations: { access } });
      const told = (who: string): Promise<Response> => ask(app, `/api/queue/x?who=${who}`);
      expect(await (await told('ben')).json()).toEqual({ name: 'ben', role: 'viewer' });
      expect((await told('nobody')).status).toBe(403);
      expect((await told('odd')).status).toBe(403);
      const late = await told('late');
      expect([late.status, late.headers.get('content-type')]).toEqual([
        401,
        'application/problem+json; charset=utf-8',
      ]);
      expect(await late.json()).toMatchObject({ status: 401, detail: 'Your session is over.' });
      const bug = await told('bug');
      expect([bug.status, (await bug.text()).includes('secret')]).toEqual([500, false]);
      expect(await statusOf(app, '/admin/queues?who=ben')).toBe(200);
      expect(await statusOf(app, '/admin/queues?who=eve')).toBe(403);
    });

    it('is whom a guard lets in and names', async () => {
      const app = await start(platform, { operations: { access: OperatorGuard } });
      const statuses = ['ann', 'eve', 'odd', 'late', 'none'].map((who) =>
        statusOf(app, `/api/queue/x?who=${who}`),
      );
      expect(await Promise.all(statuses)).toEqual([200, 403, 403, 401, 403]);
    });

    it('reads the lists from variables and files, and opens the board by them alone', async () => {
      const file = join(directory, 'viewers');
      writeFileSync(file, `${BEN}\ncara:${await hashOperatorPassword('the third, with a comma')}\n`);
      Object.assign(process.env, {
        MESSAGE_QUEUE_OPERATORS: `${ANN}, zo\u00eb@example.org:a pass:word with colons`,
        MESSAGE_QUEUE_VIEWERS_FILE: file,
        MESSAGE_QUEUE_METRICS_TOKEN: TOKEN,
      });
      const app = await start(platform, {});
      for (const path of PLACES) {
        for (const user of [
          ANN,
          BEN,
          'cara:the third, with a comma',
          'zoe\u0308@example.org:a pass:word with colons',
        ])
          expect([path, user, await statusOf(app, path, { headers: as(user) })]).toEqual([path, user, 200]);
        for (const user of ['ann:staple of the battery', 'ann:', 'dan:correct horse battery', ':', 'ann'])
          expect([path, user, await statusOf(app, path, { headers: as(user) })]).toEqual([path, user, 401]);
        // Right passwords in between, so that no name waits.
        for (const user of [ANN, BEN]) await statusOf(app, path, { headers: as(user) });
      }
      const scraped = (token: string): Promise<number> =>
        statusOf(app, '/metrics', { headers: { authorization: `Bearer ${token}` } });
      expect([await scraped(TOKEN), await scraped('another-token-of-length'), await scraped('')]).toEqual([
        200, 401, 401,
      ]);
      // The token opens nothing else.
      const bearer = { headers: { authorization: `Bearer ${TOKEN}` } };
      expect(await statusOf(app, '/api/queue/overview', bearer)).toBe(401);
    });

    it('shows viewers a board that they cannot change', async () => {
      const app = await start(platform, { operations: LISTS, builtInQueues: ['message-cleanup'] });
      const queues = async (user: string): Promise<unknown> =>
        (await ask(app, '/admin/queues/api/queues', { headers: as(user) })).json();
      expect(await queues(BEN)).toMatchObject({
        queues: [{ name: 'message-cleanup', readOnlyMode: true, allowRetries: false }],
      });
      expect(await queues(ANN)).toMatchObject({ queues: [{ readOnlyMode: false, allowRetries: true }] });
    });

    it('lets five wrong passwords pass per name and address, and then makes wait, longer each time', async () => {
      const app = await start(platform, { operations: LISTS }, { proxied: true, hasClock: true });
      const tryAs = async (user: string, address: string): Promise<[number, string | null]> => {
        const response = await ask(app, '/api/queue/x', {
          headers: { ...as(user), 'x-forwarded-for': address },
        });
        return [response.status, response.headers.get('retry-after')];
      };
      for (let n = 0; n < 5; n += 1) expect(await tryAs('ann:wrong', '203.0.113.7')).toEqual([401, null]);
      expect(await tryAs('ann:wrong', '203.0.113.7')).toEqual([429, '30']);
      expect(await tryAs(ANN, '203.0.113.7')).toEqual([429, '30']);
      // Others are let in, and she from elsewhere.
      expect(await tryAs(ANN, '203.0.113.8')).toEqual([200, null]);
      expect(await tryAs(BEN, '203.0.113.7')).toEqual([200, null]);
      await clock.advance(30_000);
      expect(await tryAs('ann:wrong', '203.0.113.7')).toEqual([401, null]);
      expect(await tryAs(ANN, '203.0.113.7')).toEqual([429, '60']);
      await clock.advance(60_000);
      expect(await tryAs(ANN, '203.0.113.7')).toEqual([200, null]);
      for (let n = 0; n < 5; n += 1) await tryAs('ann:wrong', `2001:db8::${n}`);
      expect(await tryAs(ANN, '2001:db8:0:0:ffff::1')).toEqual([429, '30']);
      expect(await tryAs(ANN, '2001:db8:1::1')).toEqual([200, null]);
      const refused = (await notes(app)).filter(({ action }) => action === 'sign-in');
      expect(refused.map(({ by, target, outcome, via }) => [by, target, outcome, via])).toEqual(
        expect.arrayContaining([['ann', 'from 203.0.113.7', 'refused', 'rest']]),
      );
    });

    it('takes the address that a proxy names from a proxy that is trusted only', async () => {
      const app = await start(platform, { operations: LISTS }, { hasClock: true });
      for (let n = 0; n < 5; n += 1) {
        await statusOf(app, '/api/queue/x', {
          headers: { ...as('ann:wrong'), 'x-forwarded-for': `203.0.113.${n}` },
        });
      }
      expect(
        await statusOf(app, '/api/queue/x', { headers: { ...as(ANN), 'x-forwarded-for': '203.0.113.9' } }),
      ).toBe(429);
    });

    it('writes down every change, done or refused, and no more of refusals than somebody can read', async () => {
      const app = await start(
        platform,
        { operations: LISTS, builtInQueues: ['message-cleanup'] },
        { hasClock: true },
      );
      const change = (
        path: string,
        user: string,
        body?: object,
        method = 'POST',
        more = {},
      ): Promise<number> =>
        statusOf(app, path, {
          method,
          headers: { ...(user !== '' && as(user)), ...JSON_TYPE, ...more },
          body: body && JSON.stringify(body),
        });
      await change('/api/queue/alerts/a%2Fb/mute', ANN, {
        reason: 'They know.\nReally.',
        filter: { queue: 'q', payload: 'user.name = Ada', error: 'Ada fell' },
      });
      await change('/admin/queues/api/queues/message-cleanup/pause', ANN, undefined, 'PUT');
      await change('/admin/queues/api/queues/message-cleanup/add', ANN, {
        name: 'cleanup-messages',
        data: {},
        options: {},
      });
      for (let n = 0; n < 3; n += 1) {
        await change('/api/queue/queues/q/pause', BEN);
        await change('/api/queue/queues/q/pause', '');
        await change('/api/queue/queues/q/pause', ANN, undefined, 'POST', { origin: 'http://evil.example' });
      }
      await statusOf(app, '/api/queue/overview', { headers: as(BEN) });
      const told = (): Promise<unknown> =>
        notes(app).then((list) =>
          list
            .map(({ by, action, target, outcome, via, reason }) => [by, action, target, outcome, via, reason])
            .reverse(),
        );
      await waitUntil(async () => (await notes(app)).length >= 6, 'six entries');
      expect(await told()).toEqual([
        ['ann', 'mute', 'alerts a/b', 'done', 'rest', String.raw`They know.\u000aReally.`],
        ['ann', 'pause', 'message-cleanup', 'done', 'board', null],
        ['ann', 'add', 'queues message-cleanup', 'done', 'board', null],
        ['ben', 'pause', 'queues q', 'refused', 'rest', expect.stringContaining('viewer')],
        ['nobody', 'pause', 'queues q', 'refused', 'rest', expect.stringContaining('Sign in')],
        ['nobody', 'pause', 'queues q', 'refused', 'rest', expect.stringContaining('own pages')],
      ]);
      expect((await notes(app)).at(-1)?.filter).toBe(
        '{"queue":"q","payload":"user.name \u2026","error":"\u2026"}',
      );
    });

    it('allows sixty changes a minute and user, wherever they are made', async () => {
      const app = await start(platform, { operations: LISTS }, { hasClock: true });
      const pause = (user: string): Promise<Response> =>
        ask(app, '/api/queue/queues/q/pause', { method: 'POST', headers: as(user) });
      for (let n = 0; n < 60; n += 1) expect((await pause(ANN)).status).toBe(200);
      const refused = await pause(ANN);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
      expect(await statusOf(app, '/admin/queues/api/queues/pause', { method: 'PUT', headers: as(ANN) })).toBe(
        429,
      );
      expect(await statusOf(app, '/api/queue/overview', { headers: as(ANN) })).toBe(200);
      await clock.advance(60_000);
      expect((await pause(ANN)).status).toBe(200);
    });
  });

  it.each<[string, Options['operations'], Record<string, string>, RegExp]>([
    ['a word for usersAccess', { operators: 'ann' }, {}, /operations.operators.*entry 1 has no colon/],
    [
      'a short password',
      {},
      { MESSAGE_QUEUE_OPERATORS: `${ANN},bob:short` },
      /MESSAGE_QUEUE_OPERATORS.*entry 2 must have a password of 12/,
    ],
    [
      'a comma in a password',
      {},
      { MESSAGE_QUEUE_VIEWERS: 'ann:a long password, with' },
      /entry 2 has no colon: a password with a comma/,
    ],
    ['half a hash', {}, { MESSAGE_QUEUE_VIEWERS: 'ann:scrypt$abc' }, /entry 1 has a hash that is not whole/],
    [
      'a name with a blank',
      {},
      { MESSAGE_QUEUE_VIEWERS: 'an n:correct horse battery' },
      /entry 1 must begin with a name/,
    ],
    [
      'a name twice',
      {},
      { MESSAGE_QUEUE_VIEWERS: `${ANN},${ANN}` },
      /entry 2 has the name of an earlier one/,
    ],
    ['somebody in both', { operators: ANN, viewers: ANN }, {}, /somebody is in both lists/],
    ['nobody', {}, { MESSAGE_QUEUE_VIEWERS: ' , ' }, /there is no entry/],
    [
      'lists beside an access',
      { access: () => null, operators: ANN },
      {},
      /operations.operators: cannot be set beside/,
    ],
    [
      'a middleware',
      { access: ((_a: unknown, _b: unknown, next: () => void) => next()) as never },
      {},
      /a middleware belongs in board.access/,
    ],
    [
      'a file that is not there',
      {},
      { MESSAGE_QUEUE_OPERATORS_FILE: '/none' },
      /MESSAGE_QUEUE_OPERATORS_FILE.*ENOENT/,
    ],
    [
      'a file beside the variable',
      {},
      { MESSAGE_QUEUE_METRICS_TOKEN: TOKEN, MESSAGE_QUEUE_METRICS_TOKEN_FILE: '/none' },
      /cannot be set beside MESSAGE_QUEUE_METRICS_TOKEN/,
    ],
    [
      'a word that is nearly one',
      {},
      { MESSAGE_QUEUE_OPERATOR_FILE: '/none' },
      /Did you mean "MESSAGE_QUEUE_OPERATORS_FILE"/,
    ],
    ['an option that there is not', { rset: true } as never, {}, /operations.rset.*Did you mean "rest"/],
    [
      'a console without REST',
      { rest: false, console: true },
      {},
      /operations.console: shows what REST answers/,
    ],
  ])('refuses %s at start, and quotes nothing', async (_, operations, variables, problem) => {
    Object.assign(process.env, variables);
    const started = start('express', { operations });
    await expect(started).rejects.toThrow(problem);
    await expect(started).rejects.not.toThrow(/correct horse|short\b|with$/m);
  });

  it('refuses usersAccess without anybody', () => {
    expect(() => usersAccess({})).toThrow(/names nobody/);
    expect(() => usersAccess({ operators: '' })).toThrow(/there is no entry/);
    expect(() => usersAccess({ operator: ANN } as never)).toThrow(/Did you mean "operators"/);
  });
});

function withHost(app: INestApplication, path: string, host: string): Promise<number> {
  const { port } = app.getHttpServer().address() as { port: number };
  const headers: OutgoingHttpHeaders = { host };
  return new Promise((resolve, reject) => {
    send({ port, host: '127.0.0.1', path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

function without(app: INestApplication, request: string): Promise<string> {
  const { port } = app.getHttpServer().address() as { port: number };
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket
      .on('data', (chunk) => (text += chunk.toString()))
      .on('end', () => resolve(text))
      .on('error', reject);
  });
}
