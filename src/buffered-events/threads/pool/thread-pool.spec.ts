import { Logger } from '@nestjs/common';
import { PoolStage, turns } from '../../../../test/support/fake-threads.js';

beforeEach(() => Logger.overrideLogger(false));

async function started(stage: PoolStage): Promise<PoolStage> {
  await stage.pool.start();
  return stage;
}

describe('The start of a pool', () => {
  it('starts the first thread alone, then the others, and is done when all are ready', async () => {
    const stage = new PoolStage({ workerCount: 3 });
    stage.bootsByItself = false;
    const start = stage.pool.start();
    await turns();
    expect(stage.threads).toHaveLength(1);
    stage.thread(1).boots();
    await turns();
    expect(stage.threads.map((thread) => thread.start.owner)).toEqual([1, 2, 3]);
    stage.thread(3).boots();
    stage.thread(2).boots();
    await start;
    expect(stage.pool).toMatchObject({ live: 3, wanted: 3, restarts: 0, owners: [1, 2, 3] });
  });

  it('tells a thread the types once the app has heard what it handles', async () => {
    const stage = new PoolStage({ workerCount: 1 });
    const ready = jest
      .spyOn(stage.listener, 'ready')
      .mockImplementation(() => void (stage.types = ['a', 'b']));
    await started(stage);
    expect(ready).toHaveBeenCalledWith(1, []);
    expect(stage.thread(1).heard).toEqual([{ kind: 'types', types: ['a', 'b'] }]);
    stage.types = ['a', 'b', 'c'];
    stage.pool.typesChanged();
    expect(stage.thread(1).heard[1]).toEqual({ kind: 'types', types: ['a', 'b', 'c'] });
  });

  it.each([
    [
      'says that it could not boot',
      (stage: PoolStage) => {
        stage
          .thread(1)
          .says({ kind: 'boot-failed', error: { name: 'TypeError', message: 'no\nsuch thing' } });
        stage.thread(1).dies(1);
      },
      /could not boot "events.js": TypeError: no\nsuch thing/,
    ],
    [
      'throws',
      (stage: PoolStage) => stage.thread(1).dies(1, new RangeError('too far')),
      /RangeError: too far/,
    ],
    ['exits', (stage: PoolStage) => stage.thread(1).dies(7), /it exited with code 7 before it was ready/],
  ])('fails with the error of a first thread that %s, and leaves none', async (_, fails, said) => {
    const stage = new PoolStage({ workerCount: 4 });
    stage.bootsByItself = false;
    const start = stage.pool.start();
    await turns();
    fails(stage);
    await expect(start).rejects.toMatchObject({
      code: 'EVENT_THREAD_START',
      message: expect.stringMatching(said) as string,
    });
    await stage.clock.advance(120_000);
    expect(stage.threads).toHaveLength(1);
    expect(stage.clock.pendingTimers).toBe(0);
  });

  it('fails with the reason of the app when it refuses what the first thread handles', async () => {
    const stage = new PoolStage({ workerCount: 4 });
    const refusal = new Error('mixed');
    jest.spyOn(stage.listener, 'ready').mockImplementation(() => {
      throw refusal;
    });
    await expect(stage.pool.start()).rejects.toBe(refusal);
    expect(stage.threads).toHaveLength(1);
    expect(stage.thread(1).terminated).toBe(true);
    expect(stage.lives).toEqual([]);
  });

  it('fails when the first thread cannot even be made', async () => {
    const stage = new PoolStage({ workerCount: 1 });
    jest.spyOn(stage as unknown as { start: () => never }, 'start').mockImplementation(() => {
      throw new TypeError('Initiated Worker with invalid execArgv flags');
    });
    await expect(stage.pool.start()).rejects.toThrow('invalid execArgv flags');
  });

  it('ends a first thread that boots for ever', async () => {
    const stage = new PoolStage({ workerCount: 1 });
    stage.bootsByItself = false;
    const start = stage.pool.start();
    const failure = expect(start).rejects.toThrow('did not finish its boot within 60 seconds');
    await turns();
    await stage.clock.advance(60_000);
    await failure;
  });

  it('needs a module to boot', async () => {
    const stage = new PoolStage({}, { module: null });
    await expect(stage.pool.start()).rejects.toThrow('threads.module');
    expect(stage.threads).toEqual([]);
  });

  it('goes on with those that boot when a later one does not, and tries that again', async () => {
    const stage = new PoolStage({ workerCount: 2 });
    stage.bootsByItself = false;
    const start = stage.pool.start();
    await turns();
    stage.thread(1).boots();
    await turns();
    stage.thread(2).dies(1);
    await start;
    expect(stage.pool).toMatchObject({ live: 1, wanted: 2 });
    stage.bootsByItself = true;
    await stage.clock.advance(1_000);
    await turns();
    expect(stage.pool).toMatchObject({ live: 2, restarts: 1 });
  });

  it('holds the process open while it boots, not while its threads wait for events', async () => {
    const stage = new PoolStage({ workerCount: 1 });
    stage.bootsByItself = false;
    const start = stage.pool.start();
    await turns();
    expect(stage.thread(1).isHeld).toBe(true);
    stage.thread(1).boots();
    await start;
    expect(stage.thread(1).isHeld).toBe(false);
  });
});

describe('A thread that dies', () => {
  it('is told of before another takes its number, which it does after the restart delay', async () => {
    const stage = await started(new PoolStage());
    const first = stage.thread(2);
    first.dies(0);
    expect(stage.deaths).toEqual([{ owner: 2, alone: false, planned: false }]);
    expect(stage.pool).toMatchObject({ live: 1, restarts: 0 });
    await stage.clock.advance(999);
    expect(stage.thread(2)).toBe(first);
    await stage.clock.advance(1);
    await turns();
    expect(stage.thread(2)).not.toBe(first);
    expect(stage.pool).toMatchObject({ live: 2, restarts: 1 });
    expect(stage.lives).toEqual([1, 2, 1, 2]);
  });

  it('stays away longer each time that it dies early', async () => {
    const stage = await started(new PoolStage({ workerCount: 1 }));
    for (const delay of [1_000, 2_000, 4_000]) {
      stage.thread(1).dies(1);
      await stage.clock.advance(delay - 1);
      expect(stage.pool.live).toBe(0);
      await stage.clock.advance(1);
      await turns();
      expect(stage.pool.live).toBe(1);
    }
  });

  it('is said to have run alone where it had written so', async () => {
    const stage = await started(new PoolStage());
    stage.cells(1).alone = 0;
    stage.thread(1).dies(1);
    expect(stage.deaths).toEqual([{ owner: 1, alone: true, planned: false }]);
    expect(stage.cells(1).alone).toBe(-1);
  });

  it('leaves the suspects to the lowest that lives', async () => {
    const stage = await started(new PoolStage({ workerCount: 3 }));
    expect(stage.buffer.quarantine).toBe(1);
    stage.thread(1).dies(1);
    expect(stage.buffer.quarantine).toBe(2);
    stage.thread(2).dies(1);
    stage.thread(3).dies(1);
    expect(stage.buffer.quarantine).toBe(-1);
    await stage.clock.advance(1_000);
    await turns();
    expect(stage.buffer.quarantine).toBe(1);
  });

  it('is terminated when it sends what cannot be read: a failed run may be lost', async () => {
    const stage = await started(new PoolStage());
    stage.thread(1).emit('messageerror', new Error('cannot'));
    await turns();
    expect(stage.deaths).toEqual([{ owner: 1, alone: false, planned: false }]);
  });

  it('is terminated when it does not beat for handlerTimeoutMs, and nobody else is', async () => {
    const stage = await started(new PoolStage());
    stage.cells(1).answers = false;
    await stage.clock.advance(900);
    expect(stage.thread(1).terminated).toBe(false);
    await stage.clock.advance(300);
    expect(stage.thread(1).terminated).toBe(true);
    expect(stage.thread(2).terminated).toBe(false);
    await turns();
    expect(stage.deaths).toEqual([{ owner: 1, alone: false, planned: false }]);
  });

  it('gets no answer to what a thread before it asked', async () => {
    const stage = await started(new PoolStage({ workerCount: 1 }));
    let answer: (answer: { id: string }) => void = () => undefined;
    jest.spyOn(stage.listener, 'emit').mockReturnValue(new Promise((resolve) => (answer = resolve)));
    const first = stage.thread(1);
    first.says({ kind: 'emit', call: 4, type: 'a', json: '{}', options: {} });
    first.dies(1);
    await stage.clock.advance(1_000);
    await turns();
    answer({ id: 'late' });
    await turns();
    expect(stage.thread(1).heard.filter((message) => message !== 0)).toEqual([
      { kind: 'types', types: ['a'] },
    ]);
  });
});

describe('What threads report', () => {
  it('reaches the bus: failed runs, room, emits and their answers', async () => {
    const stage = await started(new PoolStage({ workerCount: 1 }));
    const failed = jest.spyOn(stage.listener, 'failed');
    const room = jest.spyOn(stage.listener, 'room');
    const error = { name: 'Error', message: 'no' };
    stage.thread(1).says({ kind: 'failed', slot: 3, generation: 5, error });
    stage.thread(1).says({ kind: 'room' });
    stage.thread(1).says({ kind: 'emit', call: 9, type: 'a', json: '{}', options: {} });
    await turns();
    expect(failed).toHaveBeenCalledWith(1, { slot: 3, generation: 5 }, error);
    expect(room).toHaveBeenCalledTimes(1);
    expect(stage.thread(1).heard.at(-1)).toEqual({ kind: 'emitted', call: 9, id: 'an-id' });
  });
});
