import { Logger } from '@nestjs/common';
import { PoolStage, turns } from '../../../../test/support/fake-threads.js';

beforeEach(() => Logger.overrideLogger(false));

async function sleeping(workerCount: number): Promise<PoolStage> {
  const stage = new PoolStage({ workerCount });
  await stage.pool.start();
  for (let owner = 1; owner <= workerCount; owner += 1) stage.cells(owner).sleeping = true;
  await turns();
  return stage;
}

function rings(stage: PoolStage): number[] {
  return stage.threads.map((thread) => thread.rings);
}

describe('The bell', () => {
  it('rings one thread for an event, and only in the next turn of the loop', async () => {
    const stage = await sleeping(3);
    stage.buffer.lanes = [0, 1, 0, 0];
    stage.pool.ring();
    stage.pool.ring();
    expect(rings(stage)).toEqual([0, 0, 0]);
    await turns();
    expect(rings(stage).filter((count) => count === 1)).toHaveLength(1);
  });

  it('rings one more for each 16 events', async () => {
    const stage = await sleeping(4);
    stage.buffer.lanes = [10, 10, 13, 0];
    stage.pool.ring();
    await turns();
    expect(rings(stage).filter((count) => count === 1)).toHaveLength(3);
  });

  it('rings nobody who is awake, and nobody for nothing', async () => {
    const stage = await sleeping(2);
    stage.pool.ring();
    await turns();
    expect(rings(stage)).toEqual([0, 0]);
    stage.cells(1).sleeping = false;
    stage.cells(2).sleeping = false;
    stage.buffer.lanes = [0, 100, 0, 0];
    stage.pool.ring();
    await turns();
    expect(rings(stage)).toEqual([0, 0]);
  });

  describe('when a thread dozes', () => {
    async function dozing(lanes: PoolStage['buffer']['lanes']): Promise<PoolStage> {
      const stage = await sleeping(3);
      Object.assign(stage.cells(2), { sleeping: false, dozing: true });
      stage.buffer.lanes = lanes;
      stage.pool.ring();
      await turns();
      return stage;
    }

    it('leaves up to 256 events to it', async () => {
      expect(rings(await dozing([100, 100, 56, 0]))).toEqual([0, 0, 0]);
    });

    it('rings for more of them, that one too', async () => {
      expect(rings(await dozing([0, 257, 0, 0]))).toEqual([1, 1, 1]);
    });

    it('rings who keeps suspects, whoever dozes', async () => {
      expect(rings(await dozing([0, 0, 0, 1]))[0]).toBe(1);
    });

    it('rings others when it calls for help: as many as there are events', async () => {
      const stage = await dozing([0, 2, 0, 0]);
      stage.cells(2).dozing = false;
      stage.threads[1]?.says({ kind: 'behind' });
      expect(rings(stage)).toEqual([1, 0, 1]);
    });

    it('rings at the next watch for what it has not found: it may hang', async () => {
      const stage = await dozing([0, 1, 0, 0]);
      await stage.clock.advance(10);
      expect(rings(stage)).toEqual([0, 0, 0]);
      await stage.clock.advance(290);
      expect(rings(stage)).toEqual([1, 1, 1]);
    });
  });

  it('takes turns', async () => {
    const stage = await sleeping(3);
    stage.buffer.lanes = [0, 1, 0, 0];
    for (let event = 0; event < 6; event += 1) {
      stage.pool.ring();
      await turns();
      for (const owner of [1, 2, 3]) stage.cells(owner).sleeping = true;
    }
    expect(rings(stage)).toEqual([2, 2, 2]);
  });

  it('rings further ones when what it rang for is still there a little later: the first may be busy', async () => {
    const stage = await sleeping(3);
    stage.buffer.lanes = [0, 2, 0, 0];
    stage.pool.ring();
    await turns();
    await stage.clock.advance(10);
    expect(rings(stage)).toEqual([1, 1, 1]);
  });

  it('rings the one that keeps suspects for suspects', async () => {
    const stage = await sleeping(3);
    stage.buffer.lanes = [0, 0, 0, 1];
    for (let event = 0; event < 3; event += 1) {
      stage.pool.ring();
      await turns();
      stage.cells(1).sleeping = true;
    }
    expect(rings(stage)).toEqual([3, 0, 0]);
  });

  it('rings the next one when a thread dies with the ring that it got', async () => {
    const stage = await sleeping(2);
    stage.buffer.lanes = [0, 1, 0, 0];
    stage.pool.ring();
    await turns();
    const rung = stage.threads.find((thread) => thread.rings === 1);
    rung?.dies(1);
    await turns();
    expect(rings(stage)).toEqual([1, 1]);
  });
});
