import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { networkInterfaces } from 'node:os';
import { ForbiddenException, Injectable, RequestMethod } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Processor } from '@nestjs/bull';
import { BullBoardModule } from '@bull-board/nestjs';
import { ExpressAdapter } from '@bull-board/express';
import type { NextFunction, Request, Response as ExpressResponse } from 'express';
import { Redis } from 'ioredis';
import { basicAuthAccess } from '../../src/message-queue/operations/access/basic-auth.js';
import type { ProviderName } from '../../src/message-queue/broker/broker.js';
import { MessageQueueModule } from '../../src/message-queue/message-queue.module.js';
import { DeadLetterService } from '../../src/message-queue/dead-letter/dead-letter.service.js';
import { JobHandler } from '../../src/message-queue/handlers/job-handler.decorator.js';
import { defineQueue } from '../../src/message-queue/jobs/queue-definition.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { BoardApp } from './board.fixture.js';
import type { BoardAppOptions } from './board.fixture.js';

const SIX = [
  'message-delivery',
  'message-notification',
  'message-indexing',
  'message-encryption',
  'batch-message-sending',
  'message-cleanup',
];

interface BoardQueues {
  queues: {
    name: string;
    description: string;
    counts: Record<string, number>;
    isPaused: boolean;
    jobs: BoardJobJson[];
  }[];
}
interface BoardJobJson {
  id: string;
  data: unknown;
  attempts: number;
  failedReason: string;
}

class ResizePayload {}
const RESIZE = defineQueue({
  name: 'image-resizing',
  description: 'Makes small pictures of large ones.',
  jobs: { resize: ResizePayload },
  concurrency: 1,
  attempts: 1,
  backoff: { type: 'fixed', delayMs: 1 },
  timeoutMs: 1_000,
});

@Processor('image-resizing')
class ResizeProcessor {
  @JobHandler('resize')
  resize(): Promise<void> {
    return Promise.resolve();
  }
}

@Injectable()
class HeaderGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const headers = context.switchToHttp().getRequest<IncomingMessage>().headers;
    if (headers['x-operator'] === 'banned') throw new ForbiddenException('You are banned.');
    return headers['x-operator'] === 'ann';
  }
}

describe.each<ProviderName>(['memory', 'redis'])('The board on %s', (provider) => {
  let redis: TestRedis | null = null;
  const apps: BoardApp[] = [];

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start(['--appendonly', 'yes']) : null;
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });
  afterAll(() => redis?.stop());

  async function start(options: BoardAppOptions = {}): Promise<BoardApp> {
    const app = await BoardApp.start(provider, redis, options);
    apps.push(app);
    return app;
  }

  /** A request with headers that fetch would not let through. */
  const raw = (url: string, headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      request(url, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });

  it('shows the six queues with their descriptions', async () => {
    const app = await start();
    const page = await app.get('/admin/queues');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<base href="/admin/queues/" />');
    const { queues } = await app.api<BoardQueues>('/queues?page=1&jobsPerPage=10');
    expect(queues.map(({ name }) => name).sort()).toEqual([...SIX].sort());
    expect(queues.every(({ description }) => description.length > 10)).toBe(true);
    const script = /src="(static\/js\/main[^"]+)"/.exec(await (await app.get('/admin/queues/')).text())?.[1];
    expect((await app.get(`/admin/queues/${script}`)).status).toBe(200);
  });

  it("shows a host's own queue too", async () => {
    const app = await start({
      environment: 'test',
      imports: [MessageQueueModule.registerQueue(RESIZE)],
      providers: [ResizeProcessor],
    });
    const { queues } = await app.api<BoardQueues>('/queues?page=1&jobsPerPage=10');
    expect(queues.find(({ name }) => name === 'image-resizing')?.description).toBe(RESIZE.description);
  });

  it('lets a dead letter be opened, retried, and remembers that the board did it', async () => {
    const app = await start();
    const id = await app.deadLetter({ nonsense: true });
    const path = `/queues/message-delivery/${id}`;
    const { job, status } = await app.api<{ job: BoardJobJson; status: string }>(path);
    expect(status).toBe('failed');
    expect(job).toMatchObject({ id, data: { nonsense: true } });
    // Looking must not change the job.
    await app.api(path);
    expect((await app.api<{ job: BoardJobJson }>(path)).job.attempts).toBe(job.attempts);
    const retried = await app.get(`/admin/queues/api${path}/retry`, { method: 'PUT' });
    expect(retried.status).toBe(204);
    const deadLetters = app.app.get(DeadLetterService, { strict: false });
    await waitUntil(async () => {
      const letter = await deadLetters.get('message-delivery', id).catch(() => null);
      return letter?.replays[0]?.by === 'board';
    }, 'the replay to fail again');
  });

  it('retries all, pauses, resumes, adds and cleans', async () => {
    const app = await start();
    const queue = app.queue('message-delivery');
    for (let i = 0; i < 3; i++) await app.deadLetter({ i });
    expect((await app.get('/admin/queues/api/queues/message-delivery/pause', { method: 'PUT' })).status).toBe(
      200,
    );
    expect(await queue.isPaused()).toBe(true);
    const all = await app.get('/admin/queues/api/queues/message-delivery/retry/failed', { method: 'PUT' });
    expect(await all.json()).toEqual({ retried: 3, skipped: 0 });
    expect(await queue.getPausedCount()).toBe(3);
    expect(
      (await app.get('/admin/queues/api/queues/message-delivery/resume', { method: 'PUT' })).status,
    ).toBe(200);
    await waitUntil(async () => (await queue.getFailedCount()) === 3, 'the retries to fail');
    const wedge = await app.get('/admin/queues/api/queues/message-delivery/add', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'send-message', data: {}, options: { jobId: 'active' } }),
    });
    expect(wedge.status).toBeGreaterThanOrEqual(400);
    const flood = await app.get('/admin/queues/api/queues/message-delivery/add', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'send-message', data: {}, options: { repeat: { every: 1 } } }),
    });
    expect(flood.status).toBeGreaterThanOrEqual(400);
    expect(await queue.getRepeatableCount()).toBe(0);
  });

  it('shows all jobs of a page when one of them is corrupt', async () => {
    const app = await start();
    const queue = app.queue('message-delivery');
    for (let i = 0; i < 3; i++) await app.deadLetter({ i });
    if (redis) {
      const client = new Redis(redis.port);
      const [id] = (await queue.getFailed()).map((job) => String(job.id));
      await client.hset(`${queue.toKey('')}${id}`, 'data', '{not json');
      await client.quit();
    }
    for (const status of ['failed', 'latest']) {
      const query = `activeQueue=message-delivery&status=${status}&page=1&jobsPerPage=10`;
      const { queues } = await app.api<BoardQueues>(`/queues?${query}`);
      expect(queues.find(({ name }) => name === 'message-delivery')?.jobs).toHaveLength(3);
    }
  });

  it('follows a global prefix, and leaves it out where that is asked for', async () => {
    const prefixed = await start({ setUp: (app) => app.setGlobalPrefix('api') });
    expect((await prefixed.get('/admin/queues')).status).toBe(404);
    const page = await prefixed.get('/api/admin/queues');
    expect(await page.text()).toContain('<base href="/api/admin/queues/" />');
    expect((await prefixed.get('/api/admin/queues/api/queues?page=1&jobsPerPage=10')).status).toBe(200);
    for (const excluded of ['admin/queues', { path: 'admin/queues', method: RequestMethod.ALL }]) {
      const plain = await start({ setUp: (app) => app.setGlobalPrefix('api', { exclude: [excluded] }) });
      expect(await (await plain.get('/admin/queues')).text()).toContain('<base href="/admin/queues/" />');
    }
  });

  it('has a path of its own when asked, or is not there at all', async () => {
    const moved = await start({ board: { path: 'ops/board' } });
    expect((await moved.get('/admin/queues')).status).toBe(404);
    expect(await (await moved.get('/ops/board')).text()).toContain('<base href="/ops/board/" />');
    const none = await start({ board: { enabled: false } });
    expect((await none.get('/admin/queues')).status).toBe(404);
  });

  it('does not take the queues of a board of the host', async () => {
    const app = await start({
      imports: [BullBoardModule.forRoot({ route: '/own', adapter: ExpressAdapter })],
    });
    const own = (await (await app.get('/own/api/queues?page=1&jobsPerPage=10')).json()) as BoardQueues;
    expect(own.queues).toEqual([]);
    expect((await app.api<BoardQueues>('/queues?page=1&jobsPerPage=10')).queues).toHaveLength(6);
  });

  describe('access', () => {
    const paths = [
      '/admin/queues',
      '/admin/queues/',
      '/ADMIN/queues/api/queues',
      '/admin/queues/queue/message-delivery',
    ];

    it('is refused in production until it is configured, and says how', async () => {
      const app = await start({ environment: 'production' });
      for (const path of [
        ...paths,
        '/admin/queues/static/images/logo.svg',
        '//admin/queues',
        '/admin//queues',
      ]) {
        expect([403, 404]).toContain((await app.get(path)).status);
      }
      const refusal = await app.get('/admin/queues');
      expect(refusal.status).toBe(403);
      expect(await refusal.text()).toContain('MESSAGE_QUEUE_OPERATORS');
      const pause = await app.get('/admin/queues/api/queues/pause', { method: 'PUT' });
      expect(pause.status).toBe(403);
      expect(await app.queue('message-delivery').isPaused()).toBe(false);
    });

    it('is open to this machine in development, by the address of the socket', async () => {
      const app = await start();
      expect((await app.get('/admin/queues')).status).toBe(200);
      const { port } = new URL(app.url);
      const page = `${app.url}/admin/queues`;
      expect(await raw(page, { host: `localhost:${port}` })).toBe(200);
      expect(await raw(page, { host: `[::1]:${port}` })).toBe(200);
      // A web site that points its own name at this machine, and a proxy that passes strangers on.
      expect(await raw(page, { host: `evil.example:${port}` })).toBe(403);
      expect(await raw(page, { host: `127.0.0.1.evil.example` })).toBe(403);
      expect(await raw(page, { 'x-forwarded-for': '127.0.0.1' })).toBe(403);
    });

    it('is not open to other machines in development, whatever they claim', async () => {
      const outside = Object.values(networkInterfaces())
        .flat()
        .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
      const app = await start();
      const { port } = new URL(app.url);
      await new Promise((resolve) => app.app.getHttpServer().close(resolve));
      await new Promise<void>((resolve) => app.app.getHttpServer().listen(Number(port), '0.0.0.0', resolve));
      // A machine without a network has nobody to be protected from.
      if (outside === undefined) return;
      expect(await raw(`http://${outside}:${port}/admin/queues`, { host: 'localhost' })).toBe(403);
      expect(
        await raw(`http://${outside}:${port}/admin/queues`, {
          host: 'localhost',
          'x-forwarded-for': '127.0.0.1',
        }),
      ).toBe(403);
    });

    it('by name and password', async () => {
      const access = basicAuthAccess({ username: 'ann', password: 'correct: horse battery' });
      const app = await start({ environment: 'production', board: { access } });
      const login = (text: string): RequestInit => ({
        headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` },
      });
      for (const path of paths) {
        const refusal = await app.get(path);
        expect([path, refusal.status]).toEqual([path, 401]);
        expect(refusal.headers.get('www-authenticate')).toContain('Basic realm=');
      }
      for (const wrong of [
        'ann:wrong',
        'bob:correct: horse battery',
        'ann',
        ':',
        '',
        'ann:correct: horse battery ',
      ]) {
        expect((await app.get('/admin/queues', login(wrong))).status).toBe(401);
      }
      expect((await app.get('/admin/queues', { headers: { authorization: 'Bearer ann' } })).status).toBe(401);
      for (const path of paths)
        expect((await app.get(path, login('ann:correct: horse battery'))).status).not.toBe(401);
      expect((await app.get('/admin/queues', login('ann:correct: horse battery'))).status).toBe(200);
    });

    it.each([
      [{ username: '', password: 'long enough for anybody' }, 'username'],
      [{ username: 'a:b', password: 'long enough for anybody' }, 'username'],
      [{ username: 'ann', password: '' }, 'password'],
      [{ username: 'ann', password: 'fifteen letters' }, 'password'],
      [{ username: 'ann', password: ' '.repeat(40) }, 'password'],
    ])('refuses credentials like %j', (credentials, field) => {
      expect(() => basicAuthAccess(credentials)).toThrow(new RegExp(`board.access.${field}`));
    });

    it.each([
      ['as a class that the app provides', HeaderGuard, [HeaderGuard]],
      ['as a class that it does not provide', HeaderGuard, []],
      ['as an instance', new HeaderGuard(), []],
    ])('by a guard, %s', async (_how, access, providers) => {
      const app = await start({ environment: 'production', board: { access }, providers });
      const as = (operator: string): Promise<Response> =>
        app.get('/admin/queues', { headers: { 'x-operator': operator } });
      expect((await app.get('/admin/queues')).status).toBe(403);
      expect((await as('bob')).status).toBe(403);
      const banned = await as('banned');
      expect([banned.status, await banned.text()]).toEqual([403, 'You are banned.\n']);
      expect((await as('ann')).status).toBe(200);
    });

    it('by a middleware', async () => {
      const app = await start({
        environment: 'production',
        board: {
          access: (incoming: Request, response: ExpressResponse, next: NextFunction) => {
            if (incoming.headers['x-key'] === 'k') next();
            else response.status(418).end();
          },
        },
      });
      expect((await app.get('/admin/queues')).status).toBe(418);
      expect((await app.get('/admin/queues', { headers: { 'x-key': 'k' } })).status).toBe(200);
    });
  });

  describe('requests from elsewhere', () => {
    const pause = '/admin/queues/api/queues/message-delivery/pause';
    const add = '/admin/queues/api/queues/message-delivery/add';
    const body = JSON.stringify({ name: 'send-message', data: {}, options: {} });

    it.each([
      [
        'another site says Sec-Fetch-Site',
        { method: 'PUT', headers: { 'sec-fetch-site': 'cross-site' } },
        403,
      ],
      ['a neighbour says Sec-Fetch-Site', { method: 'PUT', headers: { 'sec-fetch-site': 'same-site' } }, 403],
      ['another origin', { method: 'PUT', headers: { origin: 'http://evil.example' } }, 403],
      ['an origin that is none', { method: 'PUT', headers: { origin: 'null' } }, 403],
    ])('refuses a change when %s', async (_who, init, status) => {
      const app = await start();
      expect((await app.get(pause, init)).status).toBe(status);
      expect(await app.queue('message-delivery').isPaused()).toBe(false);
    });

    it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
      'refuses a body of type %s, which browsers send without asking',
      async (type) => {
        const app = await start();
        const response = await app.get(add, { method: 'POST', headers: { 'content-type': type }, body });
        expect(response.status).toBe(415);
        expect(await app.queue('message-delivery').count()).toBe(0);
        expect(await app.queue('message-delivery').getFailedCount()).toBe(0);
      },
    );

    it('accepts what its own page sends', async () => {
      const app = await start();
      const own = { 'sec-fetch-site': 'same-origin', origin: app.url };
      expect((await app.get(pause, { method: 'PUT', headers: own })).status).toBe(200);
      expect((await app.get(pause, { method: 'PUT', headers: { origin: app.url } })).status).toBe(200);
    });

    it('sends headers that keep its pages from being framed, sniffed, cached or fed with foreign code', async () => {
      const app = await start({ environment: 'production', board: { access: (_in, _out, next) => next() } });
      for (const path of [
        '/admin/queues',
        '/admin/queues/api/queues?page=1&jobsPerPage=10',
        '/admin/queues/static/none.js',
      ]) {
        const { headers } = await app.get(path);
        expect(headers.get('content-security-policy')).toMatch(
          /default-src 'none'.*script-src 'self';.*frame-ancestors 'none'/,
        );
        expect(headers.get('x-frame-options')).toBe('DENY');
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('cache-control')).toMatch(/no-store/);
      }
    });
  });

  describe('payloads', () => {
    it('are shown as they are, markup included, in JSON', async () => {
      const app = await start();
      const markup = '<img src=x onerror=alert(1)><script>alert(2)</script>';
      const id = await app.deadLetter({ content: markup });
      const response = await app.get(`/admin/queues/api/queues/message-delivery/${id}`);
      expect(response.headers.get('content-type')).toContain('application/json');
      expect(((await response.json()) as { job: BoardJobJson }).job.data).toEqual({ content: markup });
    });

    it('are cut when they are large, and cannot be edited then', async () => {
      const app = await start();
      const payload = { content: 'x'.repeat(300_000) };
      const id = await app.deadLetter(payload);
      const list = await app.get(
        '/admin/queues/api/queues?activeQueue=message-delivery&status=failed&page=1&jobsPerPage=10',
      );
      const text = await list.text();
      expect(text.length).toBeLessThan(40_000);
      expect(text).toContain('"truncated":true');
      const edited = await app.get(`/admin/queues/api/queues/message-delivery/${id}/update-data`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jobData: { content: 'short' } }),
      });
      expect(edited.status).toBe(500);
      expect(await edited.text()).toContain('shortened or redacted');
      expect((await app.queue('message-delivery').getJob(id))?.data).toEqual(payload);
    });

    it('can be edited when they are shown whole', async () => {
      const app = await start();
      const id = await app.deadLetter({ content: 'short' });
      const edited = await app.get(`/admin/queues/api/queues/message-delivery/${id}/update-data`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jobData: { content: 'other' } }),
      });
      expect(edited.status).toBe(200);
      expect((await app.queue('message-delivery').getJob(id))?.data).toEqual({ content: 'other' });
    });

    it('are shown without what is sealed of them, copied as they are, and not edited', async () => {
      const app = await start({ sealing: 'on' });
      const queue = app.queue('message-delivery');
      const id = await app.deadLetter({ messageId: 'm-1', conversationId: 'c-1', content: 'attack at dawn' });
      const { job } = await app.api<{ job: BoardJobJson }>(`/queues/message-delivery/${id}`);
      const sealed = expect.stringMatching(/^\[sealed · conversation · \d+ bytes\]$/) as string;
      expect(job.data).toMatchObject({ messageId: 'm-1', conversationId: 'c-1', 'mq:sealed': sealed });
      expect(JSON.stringify(job)).not.toContain('dawn');
      const send = (path: string, method: string, body: object): Promise<Response> =>
        app.get(`/admin/queues/api/queues/message-delivery/${path}`, {
          ...{ method, headers: { 'content-type': 'application/json' } },
          body: JSON.stringify(body),
        });
      const stored: unknown = (await queue.getJob(id))?.data;
      const edited = await send(`${id}/update-data`, 'PATCH', { jobData: { content: 'other' } });
      expect([edited.status, (await queue.getJob(id))?.data]).toEqual([500, stored]);
      const copied = await send('add', 'POST', { name: 'send-message', data: job.data, options: {} });
      const copy = (await copied.json()) as { job: BoardJobJson };
      expect((await queue.getJob(copy.job.id))?.data).toEqual(stored);
      await queue.getJob(id).then((letter) => letter?.remove());
      const gone = await send('add', 'POST', { name: 'send-message', data: job.data, options: {} });
      expect([gone.status, await gone.text()]).toEqual([500, expect.stringContaining('is gone')]);
    });

    it("pass the host's redaction, and stay hidden when that fails", async () => {
      const app = await start({
        board: {
          redact: ({ queue, job, data }) => {
            if ((data as { fail?: boolean }).fail) throw new Error('oops');
            return { data: `${queue}/${job}` };
          },
        },
      });
      const shown = async (payload: Record<string, unknown>): Promise<string> => {
        const id = await app.deadLetter(payload);
        return (await app.get(`/admin/queues/api/queues/message-delivery/${id}`)).text();
      };
      const redacted = await shown({ content: 'attack at dawn' });
      expect(redacted).toContain('message-delivery/send-message');
      expect(redacted).not.toContain('attack at dawn');
      expect(await shown({ content: 'attack at dawn', fail: true })).not.toContain('attack at dawn');
    });
  });
});
