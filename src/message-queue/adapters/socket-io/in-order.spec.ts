import { InOrder } from './in-order.js';

describe('InOrder', () => {
  const told: string[] = [];
  let line: InOrder<string>;

  beforeEach(() => {
    told.length = 0;
    line = new InOrder(
      (value) => told.push(value),
      (error) => told.push(`failed: ${String(error)}`),
    );
  });

  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('hands on at once what is there', () => {
    line.add('a');
    line.add('b');
    expect(told).toEqual(['a', 'b']);
  });

  it('keeps the order, whatever is ready first', async () => {
    const ends: (() => void)[] = [];
    const later = (value: string): Promise<string> =>
      new Promise((resolve) => ends.push(() => resolve(value)));
    line.add(later('a'));
    line.add(later('b'));
    line.add('c');
    ends[1]?.();
    await settled();
    expect(told).toEqual([]);
    ends[0]?.();
    await settled();
    expect(told).toEqual(['a', 'b', 'c']);
    line.add('d');
    expect(told).toEqual(['a', 'b', 'c', 'd']);
  });

  it('tells of what failed in its turn, and goes on', async () => {
    let end = (): void => undefined;
    line.add(new Promise((resolve) => (end = () => resolve('a'))));
    line.add(Promise.reject(new Error('no key')));
    line.add('c');
    await settled();
    expect(told).toEqual([]);
    end();
    await settled();
    expect(told).toEqual(['a', 'failed: Error: no key', 'c']);
  });
});
