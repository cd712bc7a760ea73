import { BESIDE_ROUTES } from '../../../src/message-queue/operations/rest/routes/summary-routes.js';
import { ROUTES } from '../../../src/message-queue/operations/rest/routes/route-table.js';
import { RestApp } from './rest.fixture.js';

const ANN = 'ann:correct horse battery';
const BEN = 'ben:staple of the battery';
const as = (user: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(user).toString('base64')}`,
});

/** By who asks: whether a question and a change get past the door. */
const WHO = [
  ['nobody', {}, 401, 401],
  ['a wrong password', as('ann:staple of the battery'), 401, 401],
  ['a viewer', as(BEN), null, 403],
  ['an operator', as(ANN), null, null],
] as const;

/** Every route of REST, with names in its path that nothing has, and what stands beside REST. */
const EVERY: readonly (readonly [method: string, path: string])[] = [
  ...ROUTES.map(({ method, path }) => [method, `/api/queue/${path.replaceAll(/:\w+/g, 'none')}`] as const),
  ...Object.keys(BESIDE_ROUTES).map((path) => ['GET', path] as const),
  ...['/admin/console', '/admin/console/app.js', '/metrics', '/admin/queues', '/admin/queues/api/queues'].map(
    (path) => ['GET', path] as const,
  ),
  ['PUT', '/admin/queues/api/queues/none/pause'],
  ['POST', '/admin/queues/groups/none'],
];

describe.each(['express', 'fastify'] as const)('Every door on %s', (platform) => {
  let app: RestApp;
  beforeAll(async () => {
    app = await RestApp.start('memory', null, {
      platform,
      environment: 'production',
      operations: { operators: ANN, viewers: BEN },
    });
  });
  afterAll(() => app.close());

  const statusOf = async (method: string, path: string, headers: Record<string, string>): Promise<number> => {
    const answer = await app.fetch(path, { method, headers });
    await answer.arrayBuffer();
    // Right passwords in between, so that no name waits; changes are not counted that were not let in.
    if (answer.status === 401)
      for (const user of [ANN, BEN]) await app.fetch('/metrics', { headers: as(user) });
    return answer.status;
  };

  it('knows the routes that there are', () => {
    expect(ROUTES.length).toBeGreaterThan(20);
    expect(ROUTES.filter(({ method, role }) => (method === 'GET') !== (role === 'viewer'))).toEqual([]);
  });

  it.each(WHO)('lets %s in as far as their role goes', async (_, user, look, change) => {
    for (const [method, path] of EVERY) {
      const isForm = path.startsWith('/admin/queues/groups');
      const own: Record<string, string> = isForm
        ? { origin: app.url, 'content-type': 'application/x-www-form-urlencoded' }
        : {};
      const status = await statusOf(method, path, { ...user, ...own });
      const refusal = method === 'GET' ? look : change;
      if (refusal !== null) expect([method, path, status]).toEqual([method, path, refusal]);
      else expect([method, path, [401, 403, 429, 500].includes(status)]).toEqual([method, path, false]);
    }
  });

  it.each(WHO)('lets no other site change anything through %s', async (_, user) => {
    const foreign: readonly Record<string, string>[] = [
      { origin: 'http://evil.example' },
      { origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const [method, path] of EVERY.filter(([method]) => method !== 'GET')) {
      for (const headers of foreign) {
        expect([method, path, await statusOf(method, path, { ...user, ...headers })]).toEqual([
          method,
          path,
          403,
        ]);
      }
    }
  });
});
