import type { Queue } from 'bull';
import { request } from '../../../../../test/support/add-requests.js';
import { testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { CLOCK_STEPS, setClock } from '../../../../../test/support/set-clock.js';
import { spoolStage } from '../../../../../test/support/spool-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';

const MINUTE_MS = 60_000;

describe("a due time, while this machine's clock is wrong and nobody knows yet", () => {
  const stage = spoolStage();
  let reset = (): void => undefined;
  afterEach(() => reset());

  /** Redis' and this test's clock are the same. */
  const rightNow = (): number => performance.timeOrigin + performance.now();

  /** When a job is due, by what is stored of it: null when it waits for nothing. */
  async function storedDueTime(queue: Queue, id: string): Promise<number | null> {
    const { client } = stage.server;
    const score = await client.zscore(queue.toKey('delayed'), id);
    const { timestamp = 0, opts } = (await queue.getJob(id)) ?? {};
    // Redis has no other clock: what is stored with the job fits the set.
    expect(timestamp - rightNow()).toBeLessThan(MINUTE_MS);
    if (score === null) {
      expect(Number(opts?.delay)).toBe(0);
      return null;
    }
    expect(timestamp + Number(opts?.delay)).toBe(Math.floor(Number(score) / 0x1000));
    return Math.floor(Number(score) / 0x1000);
  }

  it.each(CLOCK_STEPS)('is kept by an add that waits for the first connection: %s', async (_step, byMs) => {
    reset = setClock(byMs);
    stage.proxy.refuse();
    const broker = stage.behind.broker({ whenUnavailable: 'wait' });
    const queue = broker.createQueue(testQueue());
    const soon = Math.floor(rightNow()) + 30 * MINUTE_MS;
    const adds = [soon, soon - 60 * MINUTE_MS].map((dueAt) => broker.addOnce(queue, { ...request(), dueAt }));
    stage.proxy.heal();
    const [later, past] = await Promise.all(adds);
    expect(await storedDueTime(queue, String(later?.id))).toBe(soon);
    expect(await storedDueTime(queue, String(past?.id))).toBeNull();
  });

  it.each(CLOCK_STEPS)('is kept by a spool that is drained later: %s', async (_step, byMs) => {
    reset = setClock(byMs);
    stage.proxy.refuse();
    const { broker, queue } = stage.open();
    const soon = Math.floor(rightNow()) + 30 * MINUTE_MS;
    const { id } = await broker.addOnce(queue, { ...request(), dueAt: soon });
    expect(broker.spooled?.jobs).toBe(1);
    stage.proxy.heal();
    await waitUntil(() => broker.spooled?.jobs === 0, 'the spool to be empty');
    expect(await storedDueTime(queue, id)).toBe(soon);
  });
});
