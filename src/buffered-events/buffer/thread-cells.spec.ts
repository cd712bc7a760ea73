import { bufferOf, event, thread } from '../../../test/support/event-buffer-stage.js';

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

  it('let one alone wake a thread that sleeps or dozes, and nobody one that rose', () => {
    const cells = bufferOf().cells(1);
    expect(cells.wake()).toBe(false);
    cells.rest(false);
    expect([cells.resting, cells.dozing, cells.wake(), cells.wake(), cells.resting]).toEqual([
      ...[true, false, true, false, false],
    ]);
    cells.rest(true);
    expect([cells.resting, cells.dozing, cells.wake(), cells.wake(), cells.dozing]).toEqual([
      ...[true, true, true, false, false],
    ]);
    cells.rest(true);
    cells.rise();
    expect([cells.resting, cells.dozing]).toEqual([false, false]);
  });

  it('tell a thread whether another one dozes', () => {
    const buffer = bufferOf();
    const [first, second] = [thread(buffer, 1), thread(buffer, 2)];
    for (const reader of [first, second]) {
      buffer.put(event(), 'threads');
      reader.done(reader.next()!);
    }
    first.cells.rest(false);
    expect(second.othersDoze).toBe(false);
    first.cells.rest(true);
    expect([first.othersDoze, second.othersDoze]).toEqual([false, true]);
    first.cells.reset();
    expect(second.othersDoze).toBe(false);
  });

  it('forget what a dead thread said of itself, and go on counting', () => {
    const cells = bufferOf().cells(1);
    cells.rest(true);
    cells.alone = 0;
    cells.running = 3;
    cells.draining = true;
    cells.failed += 2;
    cells.beat();
    expect([cells.alone, cells.draining, cells.beats]).toEqual([0, true, 1]);
    cells.reset();
    expect([cells.alone, cells.running, cells.draining, cells.resting, cells.failed]).toEqual([
      -1,
      0,
      false,
      false,
      2,
    ]);
  });
});
