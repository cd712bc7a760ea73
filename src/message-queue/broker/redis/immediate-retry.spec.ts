import { unheard } from '../../../../test/support/unheard-connections.js';
import { addAll } from '../../../../test/support/add-all.js';
import type { TakenJob } from '../../jobs/taken-job.js';
import type { QueueWorker } from '../broker.js';
import { completed, failed, testQueue, workOn } from '../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { internalsOf } from './bull/bull-internals.js';
import { RedisConnections } from './connections/redis-connections.js';
import type { RedisQueue } from './bull/redis-queue.js';
import { RedisScripts } from './connections/redis-scripts.js';
import { completeJobsScript } from './scripts/complete-jobs.lua.js';
import { failJobScript, releaseJobsScript } from './scripts/fail-job.lua.js';
import type { LuaScript } from './scripts/lua-script.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a retry without delay', () => {
  const stage = redisStage();

  it('stays among the active runs, whose locks are renewed, when its take overtakes the failure before it', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    let forgotten = 0;
    const own: { worker?: QueueWorker } = {};
    const { seen, worker } = await workOn(
      broker,
      queue,
      async (taken: TakenJob) => {
        await turn();
        await turn();
        if (own.worker?.active.get(String(taken.job.id)) !== taken) forgotten += 1;
        return taken.job.attemptsMade < 100 ? failed(taken, 0) : completed();
      },
      4,
    );
    own.worker = worker;
    await addAll(
      broker,
      queue,
      Array.from({ length: 6 }, (_, n) => ({ name: 'job', data: { n }, options: { attempts: 200 } })),
    );
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 6, 'all jobs to end');
    expect(seen.length).toBe(606);
    expect(forgotten).toBe(0);
  });

  it.each([
    ['failure', failJobScript],
    ['hand-back', releaseJobsScript],
    ['completion', completeJobsScript],
  ] as const)('is left alone by a %s of the run before it that comes late', async (kind, script) => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue()) as RedisQueue;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const fences: string[] = [];
    const { seen } = await workOn(broker, queue, async (taken) => {
      fences.push((taken as unknown as { fence: string }).fence);
      if (fences.length === 1) return failed(taken, 0);
      await held;
      return completed();
    });
    const { id } = await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    await waitUntil(() => seen.length === 2, 'the retry');
    const reply = await sendAgain(queue, script, lateArgs(kind, queue, id, fences[0] ?? ''));
    expect(JSON.stringify(reply)).toBe(
      { failure: '2', 'hand-back': '[0]', completion: '[[0],[],[],0,"",[],null,null,0]' }[kind],
    );
    expect(await broker.snapshot(queue)).toMatchObject({ active: 1, waiting: 0, completed: 0 });
    release();
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 1, 'the retry to end');
    expect(seen).toHaveLength(2);
  });

  async function sendAgain(
    queue: RedisQueue,
    script: LuaScript,
    args: (string | number)[],
  ): Promise<unknown> {
    const settings = {
      topology: { kind: 'single', host: '127.0.0.1', port: stage.redis.port },
      db: 0,
      tls: false,
    } as const;
    const connections = new RedisConnections(settings, 2_000, unheard);
    try {
      return await new RedisScripts(connections).run(script, queue.base, args);
    } finally {
      await connections.close();
    }
  }
});

/** What the worker had sent for its first run. */
function lateArgs(kind: string, queue: RedisQueue, id: string, fence: string): (string | number)[] {
  const { token } = internalsOf(queue);
  const now = Date.now();
  if (kind === 'failure') return [token, id, now, '0', 'no', '[]', 1, '{}', '{}', '{}', '', fence];
  if (kind === 'hand-back') return [token, id, fence, '0', '', '', ''];
  return [token, now, 5_000, 0, '', 0, 1, 0, -1, '', id, fence, 'null', 1, ''];
}
