import { AuditChain } from '../../src/message-queue/operations/index.js';
import type { AuditRecord } from '../../src/message-queue/ports/index.js';
import { InMemoryAuditTrail } from '../../src/message-queue/adapters/in-memory/index.js';
import { BoardApp } from './board.fixture.js';

describe.each(['express', 'fastify'] as const)('The audit of the board, on %s', (platform) => {
  let board: BoardApp;

  beforeEach(async () => {
    const principal = ({ headers }: { headers: Record<string, string> }) => {
      const user = headers['x-user'];
      return user === undefined ? null : { id: user };
    };
    board = await BoardApp.start('memory', null, { board: { principal }, platform });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await board.close();
  });

  const put = (path: string, body: object = {}, headers: Record<string, string> = {}): Promise<Response> =>
    board.get(`/admin/queues/api/queues/${path}`, {
      method: path.endsWith('update-data') ? 'PATCH' : 'PUT',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', 'x-user': 'ada', ...headers },
    });
  const entries = async (): Promise<AuditRecord[]> =>
    (await board.app.get(AuditChain).list({ limit: 100 })).items.toReversed();
  const told = async (): Promise<unknown[]> =>
    (await entries()).map(({ actor, action, phase, count }) => [actor, action, phase, count]);

  it('has pauses and what is emptied, by whoever clicked', async () => {
    await put('message-indexing/pause');
    await put('message-indexing/empty');
    await put('message-indexing/resume');
    expect(await told()).toEqual([
      ['ada', 'pause', 'done', null],
      ['ada', 'purge', 'begun', null],
      ['ada', 'purge', 'done', null],
      ['ada', 'resume', 'done', null],
    ]);
  });

  it('has one entry of many retries, and one of a clean', async () => {
    for (let n = 0; n < 3; n++) await board.deadLetter({ n });
    await put('message-delivery/retry/failed');
    expect(await told()).toEqual([
      ['ada', 'replay', 'begun', null],
      ['ada', 'replay', 'done', 3],
    ]);
    expect((await entries())[0]).toMatchObject({ queue: 'message-delivery', jobId: null });
  });

  it('has what becomes of single jobs, with the job', async () => {
    const id = await board.deadLetter({ n: 1 });
    await put(`message-delivery/${id}/update-data`, { jobData: { n: 2 } });
    await put(`message-delivery/${id}/clean`);
    const target = await board.app.get(AuditChain).target('job', `message-delivery:${id}`);
    expect(await entries()).toMatchObject(
      ['edit', 'edit', 'discard', 'discard'].map((action) => ({ action, jobId: id, target, actor: 'ada' })),
    );
  });

  it('refuses what cannot be written down', async () => {
    const id = await board.deadLetter({ n: 1 });
    jest.spyOn(InMemoryAuditTrail.prototype, 'append').mockRejectedValue(new Error('away'));
    expect((await put(`message-delivery/${id}/clean`)).status).toBe(500);
    expect(await board.queue('message-delivery').getJob(id)).not.toBeNull();
  });

  it('says that it was the board where nobody says who clicks', async () => {
    await board.get('/admin/queues/api/queues/message-indexing/pause', { method: 'PUT' });
    expect(await told()).toEqual([['board', 'pause', 'done', null]]);
  });
});
