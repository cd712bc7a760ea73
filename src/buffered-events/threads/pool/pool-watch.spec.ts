import { Logger } from '@nestjs/common';
import { PoolStage, turns } from '../../../../test/support/fake-threads.js';

beforeEach(() => Logger.overrideLogger(false));

async function idle(workerCount: number): Promise<PoolStage> {
  const stage = new PoolStage({ workerCount }, { handlerTimeoutMs: 30_000 });
  await stage.pool.start();
  for (let owner = 1; owner <= workerCount; owner += 1) stage.cells(owner).sleeping = true;
  await turns();
  return stage;
}

/** Time passes while all threads answer, and those that are rung hear nothing. */
async function pass(stage: PoolStage, ms: number, meanwhile = (): void => undefined): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    meanwhile();
    await stage.clock.advance(100);
  }
}

describe('Events that are ready beside an idle thread', () => {
  it('count as a stall after a second without a claim, and every thread is woken', async () => {
    const stage = await idle(2);
    stage.buffer.lanes = [0, 1, 0, 0];
    await pass(stage, 900);
    expect(stage.pool.stalls).toBe(0);
    await pass(stage, 400);
    expect(stage.pool.stalls).toBe(1);
    expect(stage.threads.map((thread) => thread.rings >= 2)).toEqual([true, true]);
  });

  it.each<[string, (stage: PoolStage) => void]>([
    ['somebody claims', (stage) => void (stage.cells(2).done += 1)],
    ['somebody claims and fails', (stage) => void (stage.cells(2).failed += 1)],
    [
      'counters wrap',
      (stage) => void (stage.cells(2).done = stage.cells(2).done === 2 ** 31 - 1 ? -(2 ** 31) : 2 ** 31 - 1),
    ],
    ['nothing is ready', (stage) => void (stage.buffer.lanes = [0, 0, 0, 0])],
    [
      'all run one',
      (stage) =>
        [1, 2].forEach((owner) => Object.assign(stage.cells(owner), { running: 1, sleeping: false })),
    ],
    ['all drain', (stage) => [1, 2].forEach((owner) => void (stage.cells(owner).draining = true))],
    [
      'threads do not answer',
      (stage) => [1, 2].forEach((owner) => void (stage.cells(owner).answers = false)),
    ],
    [
      'one runs a suspect and the other one',
      (stage) => {
        stage.cells(1).alone = 7;
        Object.assign(stage.cells(2), { running: 1, sleeping: false });
      },
    ],
    [
      'only suspects wait, for the one that keeps them to finish',
      (stage) => {
        stage.buffer.lanes = [0, 0, 0, 4];
        stage.cells(1).running = 2;
      },
    ],
  ])('are no stall when %s', async (_, meanwhile) => {
    const stage = await idle(2);
    stage.buffer.lanes = [0, 1, 0, 0];
    await pass(stage, 3_000, () => meanwhile(stage));
    expect(stage.pool.stalls).toBe(0);
  });

  it('are one when the keeper of suspects has nothing else to do', async () => {
    const stage = await idle(2);
    stage.buffer.lanes = [0, 0, 0, 1];
    await pass(stage, 1_200);
    expect(stage.pool.stalls).toBe(1);
  });
});

describe('A thread that is watched', () => {
  it('is not blamed for the time in which the app itself stood still', async () => {
    const stage = new PoolStage({ workerCount: 1 }, { handlerTimeoutMs: 1_000 });
    await stage.pool.start();
    stage.cells(1).answers = false;
    await stage.clock.advance(200);
    // One look alone after an hour: as after a machine slept.
    const now = jest.spyOn(stage.clock, 'now');
    const later = stage.clock.now() + 3_600_000;
    now.mockImplementation(() => later);
    await stage.clock.advance(100);
    expect(stage.thread(1).terminated).toBe(false);
    now.mockRestore();
  });

  it('may be silent for a second, however short its handlers are to be', async () => {
    const stage = new PoolStage({ workerCount: 1 }, { handlerTimeoutMs: 5 });
    await stage.pool.start();
    stage.cells(1).answers = false;
    await pass(stage, 900);
    expect(stage.thread(1).terminated).toBe(false);
    await pass(stage, 400);
    expect(stage.thread(1).terminated).toBe(true);
  });

  it('answers by every run that it ends, though it is too busy to beat', async () => {
    const stage = new PoolStage({ workerCount: 1 }, { handlerTimeoutMs: 1_000 });
    await stage.pool.start();
    stage.cells(1).answers = false;
    await pass(stage, 5_000, () => (stage.cells(1).done += 1));
    expect(stage.thread(1).terminated).toBe(false);
  });
});
