import { Injectable, RequestMethod, VersioningType } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { BoardApp } from './board.fixture.js';
import type { BoardAppOptions } from './board.fixture.js';

interface BoardQueues {
  readonly queues: readonly { readonly name: string; readonly isPaused: boolean }[];
}

/** Lets in who the platform's own request, not Node's, says is Ann. */
@Injectable()
class PlatformGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ query: { operator?: string } }>();
    return request.query.operator === 'ann';
  }
}

describe.each(['express', 'fastify'] as const)('The board on %s', (platform) => {
  const apps: BoardApp[] = [];

  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });

  async function start(options: BoardAppOptions = {}): Promise<BoardApp> {
    const app = await BoardApp.start('memory', null, { platform, ...options });
    apps.push(app);
    return app;
  }

  it('serves its page, whatever the page loads, and its API', async () => {
    const app = await start();
    for (const path of [
      '/admin/queues',
      '/admin/queues/',
      '/admin/queues?page=1',
      '/admin/queues/queue/message-delivery',
    ]) {
      const page = await app.get(path);
      expect([path, page.status]).toEqual([path, 200]);
      expect(await page.text()).toContain('<base href="/admin/queues/" />');
    }
    const page = await (await app.get('/admin/queues')).text();
    const loaded = [...page.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(loaded.length).toBeGreaterThan(2);
    for (const path of loaded) expect((await app.get(`/admin/queues/${path}`)).status).toBe(200);
    const { queues } = await app.api<BoardQueues>('/queues?page=1&jobsPerPage=10');
    expect(queues).toHaveLength(6);
  });

  it('asks no other site for anything', async () => {
    const page = await (await (await start()).get('/admin/queues')).text();
    expect(page).toContain('<div id="root">');
    expect(page).not.toMatch(/https?:\/\//);
  });

  it('changes queues and jobs, with a body and without', async () => {
    const app = await start();
    const paused = await app.get('/admin/queues/api/queues/message-delivery/pause', { method: 'PUT' });
    expect(paused.status).toBe(200);
    expect(await app.queue('message-delivery').isPaused()).toBe(true);
    const { id } = await app.queue('message-delivery').add('send-message', { content: 'before' });
    const edited = await app.get(`/admin/queues/api/queues/message-delivery/${id}/update-data`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jobData: { content: 'after' } }),
    });
    expect(edited.status).toBe(200);
    expect((await app.queue('message-delivery').getJob(id))?.data).toEqual({ content: 'after' });
    expect((await app.get('/admin/queues/api/queues/no-such-queue/pause', { method: 'PUT' })).status).toBe(
      404,
    );
    expect((await app.get('/admin/queues/no/such/page')).status).toBe(404);
  });

  it('is closed on every path until somebody may see it', async () => {
    const app = await start({ environment: 'production' });
    for (const path of ['', '/', '/api/queues', '/static/images/logo.svg', '/queue/message-delivery']) {
      expect([path, (await app.get(`/admin/queues${path}`)).status]).toEqual([path, 403]);
    }
    for (const path of [
      '//admin/queues',
      '/admin//queues',
      '/ADMIN/queues',
      '/admin/queues%2Fapi%2Fqueues',
    ]) {
      expect([403, 404]).toContain((await app.get(path)).status);
    }
    expect((await app.get('/admin/queues/api/queues/pause', { method: 'PUT' })).status).toBe(403);
    expect(await app.queue('message-delivery').isPaused()).toBe(false);
  });

  it("gives a guard the platform's request", async () => {
    const app = await start({ environment: 'production', board: { access: PlatformGuard } });
    expect((await app.get('/admin/queues/api/queues?operator=bob')).status).toBe(403);
    expect((await app.get('/admin/queues/api/queues?operator=ann')).status).toBe(200);
  });

  it.each([
    ['api', {}, '/api/admin/queues'],
    ['/api/', {}, '/api/admin/queues'],
    ['api/internal', {}, '/api/internal/admin/queues'],
    ['api', { exclude: ['admin/queues'] }, '/admin/queues'],
    ['api', { exclude: [{ path: 'admin/queues', method: RequestMethod.ALL }] }, '/admin/queues'],
  ])(
    'is behind the global prefix %j with %j, and versions do not move it',
    async (prefix, options, address) => {
      const app = await start({
        setUp: (host) => {
          host.setGlobalPrefix(prefix, options);
          host.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
        },
      });
      expect(await (await app.get(address)).text()).toContain(`<base href="${address}/" />`);
      expect((await app.get(`${address}/api/queues`)).status).toBe(200);
      const elsewhere = ['/admin/queues', '/api/admin/queues', '/v1/admin/queues', '/api/v1/admin/queues'];
      for (const path of elsewhere.filter((path) => path !== address)) {
        expect([path, (await app.get(path)).status]).toEqual([path, 404]);
      }
    },
  );

  it('claims nothing beside its path, and nothing when it is off', async () => {
    const app = await start({ board: { enabled: false } });
    expect((await app.get('/admin/queues')).status).toBe(404);
    const other = await start();
    expect((await other.get('/elsewhere')).status).toBe(404);
    expect((await other.get('/admin/queuesque')).status).toBe(404);
  });
});
