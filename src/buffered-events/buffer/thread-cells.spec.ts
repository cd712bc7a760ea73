import { bufferOf } from '../../../test/support/event-buffer-stage.js';

describe('cells of a thread', () => {
  it('count times by their power of two in microseconds', () => {
    const cells = bufferOf().cells(1);
    for (const ms of [-1, 0, 0.0005, 0.001, 0.0015, 0.002, 1, 4_194, 4_195, 1e9]) cells.started(ms);
    const counts = [...cells.latency].flatMap((count, bucket) => (count === 0 ? [] : [[bucket, count]]));
    expect(counts).toEqual([
      [0, 3],
      [1, 2],
      [2, 1],
      [10, 1],
      [22, 1],
      [23, 2],
    ]);
    cells.ended(1.5);
    cells.ended(0.25);
    expect([cells.processingUs, [...cells.processing].reduce((sum, count) => sum + count)]).toEqual([
      1_750, 2,
    ]);
  });

  it('let one of both wake the thread: who rings, or itself', () => {
    const cells = bufferOf().cells(1);
    expect(cells.wake()).toBe(false);
    cells.sleep();
    expect([cells.sleeping, cells.wake(), cells.wake(), cells.sleeping]).toEqual([true, true, false, false]);
  });

  it('forget what a dead thread said of itself, and go on counting', () => {
    const cells = bufferOf().cells(1);
    cells.sleep();
    cells.alone = 0;
    cells.running = 3;
    cells.draining = true;
    cells.failed += 2;
    cells.beat();
    expect([cells.alone, cells.draining, cells.beats]).toEqual([0, true, 1]);
    cells.reset();
    expect([cells.alone, cells.running, cells.draining, cells.sleeping, cells.failed]).toEqual([
      -1,
      0,
      false,
      false,
      2,
    ]);
  });
});
