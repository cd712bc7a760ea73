import { EngineBench } from '../../../../../test/support/engine-bench.js';
import { Expiries } from './expiries.js';
import { MinHeap } from './lanes/min-heap.js';

describe('Expiries', () => {
  it('keep nothing of jobs that started long before their time', () => {
    const bench = new EngineBench({ key: {} });
    const expiries = new Expiries();
    const [waiting, started] = [bench.add('a1', { key: 'a' }), bench.add('b1', { key: 'b' })];
    waiting.expiresAt = 2;
    expiries.add(waiting, 2);
    const { push } = MinHeap.prototype;
    let largest = 0;
    const spy = jest.spyOn(MinHeap.prototype, 'push').mockImplementation(function (
      this: MinHeap<unknown>,
      item,
    ) {
      push.call(this, item);
      largest = Math.max(largest, this.size);
    });
    for (let n = 0; n < 10_000; n++) expiries.add(started, 3);
    spy.mockRestore();
    expect(largest).toBeLessThan(2_000);
    expect([expiries.nextAt, expiries.takeLate(1), expiries.takeLate(2)]).toEqual([2, null, waiting]);
    expect(expiries.takeLate(9)).toBeNull();
  });
});
