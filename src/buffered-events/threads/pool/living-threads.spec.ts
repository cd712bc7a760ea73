import { Logger } from '@nestjs/common';
import { BarePool } from '../../../../test/support/bare-pool.js';
import type { BARE_TYPES, BareSettings } from '../../../../test/support/bare-pool.js';
import { waitUntil } from '../../../../test/support/wait-until.js';

beforeAll(() => Logger.overrideLogger(false));

const open: BarePool[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((stage) => stage.pool.stop(0)));
});

async function started(events: number, settings: BareSettings = {}): Promise<BarePool> {
  const stage = new BarePool(events, settings);
  open.push(stage);
  await stage.pool.start();
  return stage;
}

/** Which of Node's workers still run: those that are gone have no number. */
function running(stage: BarePool): number {
  return stage.workers.filter(({ threadId }) => threadId !== -1).length;
}

describe('Living threads', () => {
  it.each<[string, (typeof BARE_TYPES)[number]]>([
    ['leaves by process.exit', 'exits'],
    ['throws outside of a handler', 'throws'],
    ['runs an endless loop', 'loops'],
    ['uses up its heap', 'grows'],
  ])(
    'survive an event whose thread %s: it alone is given up, everything else is handled',
    async (_, poison) => {
      const stage = await started(200, { handlerTimeoutMs: 400 });
      for (let n = 0; n < 100; n += 1) stage.emit('slow', n);
      stage.emit(poison, 1_000);
      for (let n = 100; n < 200; n += 1) stage.emit('slow', n);
      await stage.settled();
      expect(stage.dead).toEqual([1_000]);
      expect(stage.handled(200).every((times) => times >= 1)).toBe(true);
      // Once among others, then alone.
      expect(stage.deaths.filter(({ alone }) => alone)).toHaveLength(3);
      expect(stage.deaths.length).toBeLessThanOrEqual(4);
      await waitUntil(() => stage.pool.live === 2, 'both threads to live again');
      expect(stage.pool.stalls).toBe(0);
    },
  );

  it('lose nothing while they are scaled up and down under load', async () => {
    const events = 6_000;
    const stage = await started(events, { workerCount: 1 });
    let isDone = false;
    const load = (async () => {
      for (let n = 0; n < events; n += 1) {
        stage.emit('slow', n);
        if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      }
      isDone = true;
    })();
    for (const count of [4, 2, 0, 3]) {
      await stage.pool.scale(count);
      expect(stage.pool).toMatchObject({ live: count, wanted: count });
      expect(running(stage)).toBe(count);
    }
    await load;
    expect(isDone).toBe(true);
    await stage.settled();
    expect(stage.handled(events).every((times) => times === 1)).toBe(true);
    expect(stage.deaths.every(({ planned }) => planned)).toBe(true);
    expect(stage.pool).toMatchObject({ restarts: 0, stalls: 0 });
  });

  it('give back what they do not finish in time, and none of it is blamed', async () => {
    const stage = await started(1, { workerCount: 1, gracefulShutdownTimeout: 100 });
    stage.emit('never');
    await waitUntil(() => stage.buffer.cells(1).running === 1, 'the event to run');
    await stage.pool.scale(0);
    expect(stage.deaths).toEqual([{ owner: 1, alone: false, planned: true }]);
    expect(stage.buffer.readyInLanes()).toEqual([0, 1, 0, 0]);
  });

  it('are all gone once the pool has stopped, whatever they ran', async () => {
    const stage = await started(50, { workerCount: 3 });
    for (let n = 0; n < 50; n += 1) stage.emit('slow', n);
    stage.emit('loops');
    await stage.pool.stop(300);
    expect(running(stage)).toBe(0);
    expect(stage.pool.live).toBe(0);
  });

  it('do not keep a stop waiting in the middle of a call of the system, which nobody can end', async () => {
    const stage = await started(1, { workerCount: 1 });
    stage.emit('blocks');
    await waitUntil(() => stage.buffer.cells(1).running === 1, 'the event to run');
    await stage.pool.stop(0);
    expect(running(stage)).toBe(1);
    await waitUntil(() => running(stage) === 0, 'the thread to end after the call');
  });

  it('are none when the first cannot boot', async () => {
    const stage = new BarePool(1, { module: 'fails', workerCount: 4 });
    await expect(stage.pool.start()).rejects.toThrow('could not boot "fails": Error: no database');
    expect(stage.workers).toHaveLength(1);
    expect(running(stage)).toBe(0);
  });

  it('hear every bell, however they fall asleep', async () => {
    const stage = await started(1, { workerCount: 2 });
    for (let n = 1; n <= 2_000; n += 1) {
      stage.emit('count');
      while (stage.buffer.size > 0) await new Promise((resolve) => setImmediate(resolve));
      expect(stage.counts[0]).toBe(n);
    }
    expect(stage.pool.stalls).toBe(0);
  });
});
