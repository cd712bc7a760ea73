import { Logger } from '@nestjs/common';
import { PoolStage, turns } from '../../../../test/support/fake-threads.js';

beforeEach(() => Logger.overrideLogger(false));

async function started(stage: PoolStage): Promise<PoolStage> {
  await stage.pool.start();
  return stage;
}

describe('scale', () => {
  it.each([-1, 64, 1.5, Number.NaN, '4', undefined, null])('refuses %p', async (count) => {
    const stage = await started(new PoolStage());
    await expect(stage.pool.scale(count as number)).rejects.toThrow(TypeError);
    await expect(stage.pool.scale(count as number)).rejects.toThrow('must be a whole number from 0 to 63');
    expect(stage.pool.wanted).toBe(2);
  });

  it('is done going up when all are ready', async () => {
    const stage = await started(new PoolStage({ workerCount: 1 }));
    await stage.pool.scale(5);
    expect(stage.pool.owners).toEqual([1, 2, 3, 4, 5]);
  });

  it('drains the highest going down: they are told, keep their time, and their end is planned', async () => {
    const stage = await started(new PoolStage({ workerCount: 3 }));
    let isDone = false;
    const scaled = stage.pool.scale(1).then(() => (isDone = true));
    await turns();
    for (const owner of [2, 3]) {
      expect(stage.thread(owner).heard.at(-1)).toEqual({
        kind: 'stop',
        withinMs: expect.any(Number) as number,
      });
      expect(stage.cells(owner).draining).toBe(true);
      expect(stage.thread(owner).isHeld).toBe(true);
    }
    expect(stage.pool).toMatchObject({ live: 1, wanted: 1 });
    stage.thread(3).dies(0);
    await turns();
    expect(isDone).toBe(false);
    stage.thread(2).dies(0);
    await scaled;
    expect(stage.deaths.map(({ planned }) => planned)).toEqual([true, true]);
    await stage.clock.advance(60_000);
    expect(stage.threads).toHaveLength(3);
  });

  it('terminates those that take longer than gracefulShutdownTimeout, planned', async () => {
    const stage = await started(new PoolStage({ workerCount: 2 }));
    const scaled = stage.pool.scale(1);
    await turns();
    await stage.clock.advance(4_999);
    expect(stage.thread(2).terminated).toBe(false);
    await stage.clock.advance(1);
    await scaled;
    expect(stage.thread(2).terminated).toBe(true);
    expect(stage.deaths).toEqual([{ owner: 2, alone: false, planned: true }]);
  });

  it('counts the death of a thread that drains as one, when it dies of what it runs', async () => {
    const stage = await started(new PoolStage({ workerCount: 2 }));
    const scaled = stage.pool.scale(0);
    await turns();
    stage.cells(1).running = 1;
    stage.cells(1).alone = 3;
    stage.thread(1).dies(0);
    stage.thread(2).dies(7);
    await scaled;
    expect(stage.deaths).toEqual([
      { owner: 1, alone: true, planned: false },
      { owner: 2, alone: false, planned: false },
    ]);
    expect(stage.lives.at(-1)).toBe(0);
  });

  it('does calls one after the other', async () => {
    const stage = await started(new PoolStage({ workerCount: 1 }));
    const calls = [8, 2, 0, 4].map((count) => stage.pool.scale(count));
    for (let turn = 0; turn < 30; turn += 1) {
      await turns(1);
      for (const thread of stage.threads) {
        if (thread.heard.some((message) => message !== 0 && message.kind === 'stop')) thread.dies(0);
      }
    }
    await Promise.all(calls);
    expect(stage.lives).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4]);
    expect(stage.pool).toMatchObject({ wanted: 4, live: 4, restarts: 0 });
  });

  it('waits for one that is away until its restart, and holds the process for it', async () => {
    const stage = await started(new PoolStage({ workerCount: 2 }));
    stage.thread(2).dies(1);
    let isDone = false;
    const scaled = stage.pool.scale(3).then(() => (isDone = true));
    await turns();
    expect(isDone).toBe(false);
    await stage.clock.advance(1_000);
    await scaled;
    expect(stage.pool.live).toBe(3);
  });

  it('takes back one that is away: it does not come again', async () => {
    const stage = await started(new PoolStage({ workerCount: 2 }));
    stage.thread(2).dies(1);
    await stage.pool.scale(1);
    await stage.clock.advance(60_000);
    expect(stage.threads).toHaveLength(2);
    expect(stage.pool).toMatchObject({ wanted: 1, live: 1 });
  });

  it('fails where a thread cannot boot, tries it again, and the next call is not held up', async () => {
    const stage = await started(new PoolStage({ workerCount: 1 }));
    stage.bootsByItself = false;
    const scaled = stage.pool.scale(2);
    const failure = expect(scaled).rejects.toMatchObject({ code: 'EVENT_THREAD_START' });
    await turns();
    stage.thread(2).dies(1, new Error('no'));
    await failure;
    expect(stage.pool.wanted).toBe(2);
    stage.bootsByItself = true;
    await stage.clock.advance(1_000);
    await turns();
    expect(stage.pool.live).toBe(2);
    await stage.pool.scale(2);
  });
});

describe('The stop of a pool', () => {
  it('tells all threads, and is done when they are gone; a second call is the same promise', async () => {
    const stage = await started(new PoolStage());
    const stop = stage.pool.stop(10_000);
    expect(stage.pool.stop(10_000)).toBe(stop);
    for (const thread of stage.threads) {
      expect(thread.heard.at(-1)).toEqual({ kind: 'stop', withinMs: expect.any(Number) as number });
      expect(thread.isHeld).toBe(true);
      thread.dies(0);
    }
    await stop;
    expect(stage.pool.live).toBe(0);
    expect(stage.clock.pendingTimers).toBe(0);
  });

  it('terminates those that have not finished in time, and starts none again', async () => {
    const stage = await started(new PoolStage());
    const stop = stage.pool.stop(200);
    await stage.clock.advance(200);
    await stop;
    expect(stage.threads.map(({ terminated }) => terminated)).toEqual([true, true]);
    expect(stage.deaths.map(({ planned }) => planned)).toEqual([true, true]);
    await stage.clock.advance(60_000);
    expect(stage.threads).toHaveLength(2);
  });

  it('ends what boots, rests or scales meanwhile', async () => {
    const stage = await started(new PoolStage({ workerCount: 2 }));
    stage.thread(1).dies(1);
    stage.bootsByItself = false;
    const up = stage.pool.scale(3);
    const refused = expect(up).rejects.toMatchObject({ code: 'EVENT_BUS_CLOSED' });
    const queued = expect(stage.pool.scale(1)).rejects.toMatchObject({ code: 'EVENT_BUS_CLOSED' });
    await turns();
    const stop = stage.pool.stop(1_000);
    await refused;
    await queued;
    expect(stage.thread(3).heard).toEqual([{ kind: 'stop', withinMs: 5_000 }]);
    for (const owner of [2, 3]) stage.thread(owner).dies(0);
    await stop;
    await expect(stage.pool.scale(1)).rejects.toMatchObject({ code: 'EVENT_BUS_CLOSED' });
    expect(stage.clock.pendingTimers).toBe(0);
  });

  it('gives what boots five seconds to hear of it, silent as it is: to terminate it could end the process', async () => {
    const stage = await started(new PoolStage({ workerCount: 1 }));
    stage.bootsByItself = false;
    const refused = expect(stage.pool.scale(2)).rejects.toMatchObject({ code: 'EVENT_BUS_CLOSED' });
    await turns();
    stage.cells(2).answers = false;
    const stop = stage.pool.stop(0);
    await stage.clock.advance(4_900);
    expect(stage.thread(2).terminated).toBe(false);
    await stage.clock.advance(100);
    expect(stage.thread(2).terminated).toBe(true);
    await Promise.all([stop, refused]);
  });

  it('opens none of a scaling that it interrupts', async () => {
    const stage = await started(new PoolStage({ workerCount: 3 }));
    const down = expect(stage.pool.scale(1)).rejects.toMatchObject({ code: 'EVENT_BUS_CLOSED' });
    await turns();
    const stop = stage.pool.stop(100);
    await stage.clock.advance(100);
    await stop;
    await down;
    expect(stage.threads).toHaveLength(3);
    expect(stage.pool.live).toBe(0);
  });
});
