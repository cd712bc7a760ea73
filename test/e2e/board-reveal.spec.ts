import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { MessageQueueService } from '../../src/message-queue/index.js';
import { InMemoryAuditTrail } from '../../src/message-queue/adapters/in-memory/index.js';
import { AuditChain, basicAuthAccess } from '../../src/message-queue/operations/index.js';
import type { BoardOptions } from '../../src/message-queue/operations/index.js';
import { BoardApp } from './board.fixture.js';

/** Who asks stands in a header, and on the platform's own request. */
@Injectable()
class HeaderGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string>; user?: string }>();
    request.user = request.headers['x-user'];
    return request.user !== undefined;
  }
}

const READERS = ['ada'];
const BOARD: BoardOptions = {
  access: HeaderGuard,
  principal: ({ user = '' }: { user?: string }) => ({
    id: user,
    rights: READERS.includes(user) ? ['reveal'] : [],
  }),
};
const CONTENT = 'Zoë <b>has</b> a fever';
const MESSAGE = {
  ...{ messageId: 'm-1', conversationId: 'c-1', senderId: 'ben', recipientId: 'eve' },
  ...{ content: CONTENT, createdAt: new Date() },
};
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe.each(['express', 'fastify'] as const)('Revealing a job on the board, on %s', (platform) => {
  let board: BoardApp;
  let address: string;

  beforeAll(async () => {
    board = await BoardApp.start('memory', null, { board: BOARD, sealing: 'on', platform });
    const service = board.app.get(MessageQueueService);
    const { id } = await service.addMessageDeliveryJob(MESSAGE, { delay: 3_600_000, jobId: 'job /1' });
    address = `/admin/queues/reveal/message-delivery/${encodeURIComponent(id)}`;
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => board.close());

  const ask = (user: string, init: RequestInit = {}, path = address): Promise<Response> =>
    board.get(path, { ...init, headers: { 'x-user': user, ...(init.headers as Record<string, string>) } });
  const post = (user: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    ask(user, { method: 'POST', body, headers: { ...FORM, origin: board.url, ...headers } });
  const reveals = async (): Promise<number> =>
    (await board.app.get(AuditChain).list({ actions: ['reveal'], limit: 100 })).items.length;

  it('asks why, and then shows all of it to whoever has the right', async () => {
    const form = await ask('ada');
    expect(form.status).toBe(200);
    expect(await form.text()).toContain('name="reason"');
    const shown = await post('ada', 'reason=ticket-4711');
    const page = await shown.text();
    expect(shown.status).toBe(200);
    expect(page).toContain('Zoë &#60;b&#62;has&#60;/b&#62; a fever');
    expect(page).toContain('job /1');
    expect(shown.headers.get('cache-control')).toBe('no-store');
    expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'");

    const audit = board.app.get(AuditChain);
    const { items } = await audit.list({ actions: ['reveal'], limit: 1 });
    expect(items).toMatchObject([
      {
        ...{ actor: 'ada', queue: 'message-delivery', jobId: 'job /1', reason: 'ticket-4711', phase: 'done' },
        target: await audit.target('job', 'message-delivery:job /1'),
      },
    ]);
  });

  it('is refused to whomever access does not let in', async () => {
    const init = { method: 'POST', body: 'reason=x', headers: { ...FORM, origin: board.url } };
    expect((await board.get(address)).status).toBe(403);
    expect((await board.get(address, init)).status).toBe(403);
  });

  it.each(['GET', 'POST'])('is refused to whoever has no right: %s', async (method) => {
    const before = await reveals();
    const answer = await (method === 'GET' ? ask('ben') : post('ben', 'reason=ticket-4711'));
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('board.principal');
    expect(await reveals()).toBe(before);
  });

  it.each([
    ['no reason', 400, ''],
    ['an empty reason', 400, 'reason='],
    ['prose', 400, 'reason=I+want+to'],
    ['markup', 400, 'reason=%22%3E%3Cscript%3E'],
    ['a list', 400, 'reason[]=x'],
    ['a form that is too long', 400, `reason=${'x'.repeat(3_000)}`],
  ])('is refused for %s: %i', async (_what, status, body) => {
    const answer = await post('ada', body);
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toMatch(/fever|"><script>/);
  });

  it.each<[what: string, status: number, headers: Record<string, string>]>([
    ['a page of another origin', 403, { origin: 'https://evil.example' }],
    ['another site, as the browser says', 403, { 'sec-fetch-site': 'cross-site' }],
    ['a page that hides where it is', 403, { origin: 'null' }],
    ['JSON', 415, { 'content-type': 'application/json' }],
    ['plain text', 415, { 'content-type': 'text/plain' }],
  ])('is refused to %s: %i', async (_what, status, headers) => {
    const before = await reveals();
    const isJson = headers['content-type'] === 'application/json';
    const answer = await post('ada', isJson ? '{"reason":"ticket-4711"}' : 'reason=ticket-4711', headers);
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain('fever');
    expect(await reveals()).toBe(before);
  });

  it('is refused to a request that does not say where it comes from, and with other methods', async () => {
    const silent = await ask('ada', { method: 'POST', body: 'reason=ticket-4711', headers: FORM });
    expect(silent.status).toBe(403);
    expect((await ask('ada', { method: 'PUT' })).status).toBe(405);
  });

  it('shows nothing when it cannot be written to the audit', async () => {
    jest.spyOn(InMemoryAuditTrail.prototype, 'append').mockRejectedValue(new Error('away'));
    const answer = await post('ada', 'reason=ticket-4711');
    expect(answer.status).toBe(503);
    const text = await answer.text();
    expect(text).not.toContain('fever');
    // Nobody types it again.
    expect(text).toContain('value="ticket-4711"');
  });

  it.each(['reveal/message-delivery/none', 'reveal/none/x'])('says that there is none: %s', async (path) => {
    const asked = { method: 'POST', body: 'reason=x', headers: { ...FORM, origin: board.url } };
    expect((await ask('ada', asked, `/admin/queues/${path}`)).status).toBe(404);
  });

  it('is offered by the board to whoever has the right alone', async () => {
    const jobs = async (user: string): Promise<unknown> => {
      const query =
        '/admin/queues/api/queues?activeQueue=message-delivery&status=delayed&page=1&jobsPerPage=10';
      const { queues } = (await (await ask(user, {}, query)).json()) as {
        queues: { jobs: { externalUrl?: unknown }[] }[];
      };
      return queues.flatMap((queue) => queue.jobs ?? []).map((job) => job.externalUrl);
    };
    expect(await jobs('ada')).toEqual([{ displayText: 'Reveal', href: address }]);
    expect(await jobs('ben')).toEqual([undefined]);
  });
});

describe('The right to reveal jobs', () => {
  const login = { username: 'ops', password: 'a-long-password-for-ops' };
  const authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  const path = '/admin/queues/reveal/message-delivery/none';
  let app: BoardApp | undefined;
  afterEach(() => app?.close());

  it.each<[what: string, status: number, board: BoardOptions]>([
    ['nobody by default', 403, {}],
    ['nobody who logs in', 403, { access: basicAuthAccess(login) }],
    [
      'whoever logs in, where the host says so',
      200,
      { access: basicAuthAccess({ ...login, rights: ['reveal'] }) },
    ],
    ['whoever the host names', 200, { principal: () => ({ id: 'eve', rights: ['reveal'] }) }],
    ['nobody whom the host does not name', 403, { principal: () => null }],
    [
      'whoever the host names, before the login',
      403,
      { access: basicAuthAccess({ ...login, rights: ['reveal'] }), principal: () => ({ id: 'eve' }) },
    ],
  ])('belongs to %s: %i', async (_who, status, board) => {
    app = await BoardApp.start('memory', null, { board, sealing: 'on' });
    expect((await app.get(path, { headers: { authorization } })).status).toBe(status);
  });

  it('is the only one that there is', () => {
    expect(() => basicAuthAccess({ ...login, rights: ['admin'] as never })).toThrow(/rights.*reveal/s);
  });

  it('does not show what the host redacts', async () => {
    const board: BoardOptions = {
      principal: () => ({ id: 'eve', rights: ['reveal'] }),
      redact: ({ data }) => ({ data: { ...(data as object), content: '[redacted]' } }),
    };
    app = await BoardApp.start('memory', null, { board, sealing: 'on' });
    const service = app.app.get(MessageQueueService);
    const { id } = await service.addMessageDeliveryJob(MESSAGE, { delay: 3_600_000 });
    const headers = { ...FORM, origin: app.url };
    const init = { method: 'POST', body: 'reason=x', headers };
    const page = await (await app.get(`/admin/queues/reveal/message-delivery/${id}`, init)).text();
    expect(page).toContain('[redacted]');
    expect(page).not.toContain('fever');
  });
});
