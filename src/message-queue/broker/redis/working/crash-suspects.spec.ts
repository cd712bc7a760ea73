import type { Queue } from 'bull';
import {
  aborted,
  BrokerFixture,
  completed,
  testQueue,
  workOn,
} from '../../../../../test/support/redis-broker-fixture.js';
import type { SeenRun } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { TcpProxy } from '../../../../../test/support/tcp-proxy.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { ShutdownError } from '../../../jobs/errors.js';
import type { RedisBroker } from '../redis-broker.js';

const lock = { durationMs: 600, renewMs: 150, stalledCheckMs: 200 };
const CRASH = '{"at":1,"attempt":1,"kind":"crash","error":"WorkerCrashed","message":"gone"}';

describe('jobs that crashed again and again', () => {
  const stage = redisStage({ withProblems: true });

  async function addCrashed(broker: RedisBroker, queue: Queue, crashes: number): Promise<string> {
    const { id } = await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    if (crashes > 0)
      await stage.client.hset(keyOf(queue, id), 'mqCrashes', Array(crashes).fill(CRASH).join());
    return id;
  }

  const keyOf = (queue: Queue, id: string): string => `${stage.fixture.prefix}:${queue.name}:${id}`;
  const idsOf = (seen: readonly SeenRun[]): string[] => seen.map((run) => run.id);

  it('run one at a time in a process, over all its queues; others run beside them', async () => {
    const broker = stage.fixture.broker({ lock });
    const [one, two] = [broker.createQueue(testQueue('one')), broker.createQueue(testQueue('two'))];
    const first = await addCrashed(broker, one, 2);
    const second = await addCrashed(broker, one, 3);
    const innocent = await addCrashed(broker, one, 1);
    const elsewhere = await addCrashed(broker, two, 2);
    const ends = new Map<string, () => void>();
    const end = async ({ job }: { job: { id: unknown } }): Promise<ReturnType<typeof completed>> => {
      await new Promise<void>((resolve) => ends.set(String(job.id), resolve));
      return completed();
    };
    const { seen } = await workOn(broker, one, end);
    await waitUntil(() => seen.length === 2, 'the first suspect and the innocent job');
    const other = await workOn(broker, two, end);
    await waitUntil(async () => (await broker.snapshot(two)).active === 1, 'the suspect of the other queue');
    expect(new Set(idsOf(seen))).toEqual(new Set([first, innocent]));
    expect(await broker.snapshot(one)).toMatchObject({ active: 3, waiting: 0 });
    ends.get(first)?.();
    await waitUntil(() => seen.length === 3, 'the second suspect');
    expect(idsOf(seen)[2]).toBe(second);
    expect(await stage.client.hexists(keyOf(one, second), 'mqHeld')).toBe(0);
    expect(other.seen).toEqual([]);
    ends.get(second)?.();
    await waitUntil(() => other.seen.length === 1, 'the suspect of the other queue to begin');
    ends.get(elsewhere)?.();
    ends.get(innocent)?.();
    await waitUntil(async () => (await broker.snapshot(one)).completed === 3, 'the ends');
    await waitUntil(async () => (await broker.snapshot(two)).completed === 1, 'the last end');
  });

  it('leave no crash record when their worker dies before their turn', async () => {
    const proxy = await TcpProxy.start(stage.redis.port);
    const dying = new BrokerFixture({ port: proxy.port });
    const doomed = dying.broker({ lock, prefix: stage.fixture.prefix, socketTimeoutMs: 60_000 });
    const broker = stage.fixture.broker({ lock });
    const queue = broker.createQueue(testQueue());
    const ran = await addCrashed(broker, queue, 2);
    const waited = await addCrashed(broker, queue, 2);
    const never = new Promise<never>(() => undefined);
    const { seen } = await workOn(doomed, doomed.createQueue(testQueue()), () => never);
    await waitUntil(async () => (await broker.snapshot(queue)).active === 2, 'both to be taken');
    await waitUntil(
      async () => (await stage.client.hexists(keyOf(queue, ran), 'mqHeld')) === 0,
      'the first turn',
    );
    await waitUntil(() => seen.length === 1, 'its run');
    // As if the worker had been killed: nothing of it reaches Redis any more.
    proxy.blackhole();
    const after = await workOn(broker, queue);
    await waitUntil(() => after.seen.length === 2, 'both to run');
    const crashes = after.seen.map(({ id, taken }) => [id, taken.crashes.length]);
    expect(new Map(crashes as [string, number][])).toEqual(
      new Map([
        [ran, 3],
        [waited, 2],
      ]),
    );
    expect(idsOf(seen)).toEqual([ran]);
    await proxy.stop();
    await dying.close();
  });

  it('go back at once when the worker stops before their turn', async () => {
    const broker = stage.fixture.broker({ lock });
    const queue = broker.createQueue(testQueue());
    const ids = [await addCrashed(broker, queue, 2), await addCrashed(broker, queue, 2)];
    const { seen, worker } = await workOn(broker, queue, async (taken) => {
      await aborted(taken);
      return { kind: 'handed-back' };
    });
    await waitUntil(() => worker.active.size === 2, 'both to be taken');
    await waitUntil(() => seen.length === 1, 'the first turn');
    await worker.stopFetching();
    worker.abortActive(new ShutdownError('The worker stops.'));
    await worker.whenIdle();
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 2, active: 0 });
    for (const id of ids) expect(await stage.client.hexists(keyOf(queue, id), 'mqHeld')).toBe(0);
  });
});
