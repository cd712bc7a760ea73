import { MessageQueueService } from '../../src/message-queue/index.js';
import { InMemoryAuditTrail } from '../../src/message-queue/adapters/in-memory/index.js';
import { AuditChain, DeadLetterService } from '../../src/message-queue/operations/index.js';
import type { BoardOptions } from '../../src/message-queue/operations/index.js';
import { RegisteredQueues } from '../../src/message-queue/broker/registry/registered-queues.js';
import { LETTERS, LETTERS_APP } from '../support/groups-host.js';
import { waitUntil } from '../support/wait-until.js';
import { BoardApp } from './board.fixture.js';

const PAGE = '/admin/queues/groups/letters';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const BOARD: BoardOptions = {
  // Who may only look may not send anything: that is the host's to say.
  access: (request, response, next) => {
    if (request.method !== 'POST' || request.headers['x-user'] === 'ada') next();
    else response.writeHead(403).end('Only ada may act.');
  },
  principal: ({ headers }: { headers?: Record<string, string> }) => ({ id: headers?.['x-user'] ?? 'nobody' }),
};

describe.each(['express', 'fastify'] as const)('The page of groups, on %s', (platform) => {
  let app: BoardApp;
  let service: MessageQueueService;
  let jobId: string;

  beforeEach(async () => {
    app = await BoardApp.start('memory', null, { ...LETTERS_APP, board: BOARD, platform });
    service = app.app.get(MessageQueueService);
    const receipt = await service.enqueue(LETTERS, 'post', { text: 'torn' }, { key: 'c-42' });
    jobId = receipt.id;
    await waitUntil(async () => (await parked()).length === 1, 'the key to stand still');
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await app.close();
  });

  const parked = async () => (await service.groups.list(LETTERS, { state: 'parked' })).groups;
  const post = (
    fields: Record<string, string>,
    headers: Record<string, string> = {},
    path = `${PAGE}?state=parked`,
  ): Promise<Response> =>
    app.get(path, {
      method: 'POST',
      body: new URLSearchParams({ gate: 'key', id: 'c-42', ...fields }).toString(),
      headers: { ...FORM, origin: app.url, 'x-user': 'ada', ...headers },
    });
  const discard = (job = jobId) => ({ act: 'discard', job });
  const textOf = async (path: string): Promise<string> => (await app.get(path)).text();
  const letters = async (): Promise<number> =>
    (await app.app.get(DeadLetterService).list({ queue: LETTERS.name })).letters.length;

  it('shows how groups stand, to whoever may use the board', async () => {
    await service.groups.pause(LETTERS, { tenant: 'acme' }, 'abuse <b>report</b>');
    await service.groups.setSlots(LETTERS, { key: 'c-42' }, 1);
    const page = await app.get(PAGE);
    const text = await page.text();
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(text).toMatch(
      new RegExp(`Parked</span> for .*by <a[^>]*/queue/letters/${jobId}\\?status=failed"`),
    );
    expect(text).toContain('1 slot, set by hand');
    expect(await textOf(`${PAGE}?state=paused`)).toContain('abuse &#60;b&#62;report&#60;/b&#62;');
    expect(await textOf(`${PAGE}?state=sleeping`)).toContain('No group sleeps.');
    expect(await textOf(`${PAGE}?gate=key&id=c-7`)).toContain('Nothing holds it up');
  });

  it('leads from its address to the queue in which keys stand still, else to the first that has groups, and knows no other', async () => {
    const leadsTo = async (): Promise<unknown> => {
      const answer = await app.get('/admin/queues/groups');
      return [answer.status, answer.headers.get('location')];
    };
    expect(await leadsTo()).toEqual([303, PAGE]);
    await service.groups.release(LETTERS, { key: 'c-42' }, 'discard', { by: 'ada' });
    expect(await leadsTo()).toEqual([303, '/admin/queues/groups/message-notification']);
    for (const name of ['message-delivery', 'none']) {
      expect((await app.get(`/admin/queues/groups/${name}`)).status).toBe(404);
    }
    expect((await app.get(PAGE, { method: 'PUT' })).status).not.toBe(200);
  });

  it('replays, discards, pauses and resumes, each once and in the name of whoever clicked', async () => {
    const done = await post(discard());
    expect(done.status).toBe(303);
    expect(done.headers.get('location')).toBe(`${PAGE}?state=parked&did=discarded&on=key+c-42`);
    expect(await textOf(String(done.headers.get('location')))).toContain(
      'The key c-42 goes on without its job',
    );
    expect(await letters()).toBe(0);
    const again = await post(discard());
    expect(again.headers.get('location')).toContain('did=not-parked');
    const paused = await post({ act: 'pause', reason: 'ticket' }, {}, PAGE);
    expect(paused.headers.get('location')).toBe(`${PAGE}?did=paused&on=key+c-42`);
    expect((await service.groups.read(LETTERS, { key: 'c-42' })).paused?.reason).toBe('ticket');
    expect((await post({ act: 'resume' })).headers.get('location')).toContain('did=resumed');
    expect((await post({ act: 'resume' })).headers.get('location')).toContain('did=not-paused');
    const { items } = await app.app.get(AuditChain).list();
    expect(items.map(({ actor, action, phase }) => [actor, action, phase]).toReversed()).toEqual([
      ['ada', 'discard', 'begun'],
      ['ada', 'discard', 'done'],
      ...['pause', 'resume', 'resume'].map((action) => ['ada', action, 'done']),
    ]);
  });

  it('touches no other job than the one that was shown', async () => {
    expect((await post(discard('m_other'))).headers.get('location')).toContain('did=not-parked');
    expect(await letters()).toBe(1);
  });

  it.each<[what: string, status: number, fields: Record<string, string>]>([
    ['a pause without a reason', 400, { act: 'pause' }],
    ['a reason that is too long', 400, { act: 'pause', reason: 'x'.repeat(501) }],
    ['a form that is too long', 400, { act: 'pause', reason: 'x'.repeat(9_000) }],
    ['an act that there is not', 400, { act: 'burn' }],
    ['a gate that the queue does not have', 400, { act: 'resume', gate: 'batch' }],
    ['no group', 400, { act: 'resume', id: '' }],
  ])('refuses %s: %i', async (_what, status, fields) => {
    const answer = await post(fields);
    expect(answer.status).toBe(status);
    expect((await service.groups.read(LETTERS, { key: 'c-42' })).paused).toBeUndefined();
  });

  it.each<[what: string, status: number, headers: Record<string, string>]>([
    ['a page of another origin', 403, { origin: 'https://evil.example' }],
    ['another site, as the browser says', 403, { 'sec-fetch-site': 'cross-site' }],
    ['a page that hides where it is', 403, { origin: 'null' }],
    ['whomever the host lets only look', 403, { 'x-user': 'ben' }],
    ['plain text', 415, { 'content-type': 'text/plain' }],
  ])('does nothing for %s: %i', async (_what, status, headers) => {
    expect((await post(discard(), headers)).status).toBe(status);
    expect(await letters()).toBe(1);
  });

  it('discards nothing that cannot be written to the audit, and says so', async () => {
    jest.spyOn(InMemoryAuditTrail.prototype, 'append').mockRejectedValue(new Error('away'));
    const answer = await post(discard());
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('The audit did not take the entry');
    expect(await letters()).toBe(1);
  });

  it('says what is missing while the broker does not answer', async () => {
    const { broker } = app.app.get(RegisteredQueues).get(LETTERS.name);
    jest.spyOn(broker, 'snapshot').mockReturnValue(new Promise(() => undefined));
    const answer = await app.get(PAGE);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toMatch(/role="alert".*did not return the counts[\s\S]*Nothing to show\./);
  });
});

it('There is no page of groups where no queue has any', async () => {
  const app = await BoardApp.start('memory', null, { builtInQueues: ['message-delivery'] });
  expect((await app.get('/admin/queues/groups')).status).toBe(404);
  expect(await (await app.get('/admin/queues/')).text()).not.toContain('miscLinks');
  await app.close();
});
