import { retentionRule } from './retention-rule.js';

describe('retentionRule', () => {
  it.each<[remove: unknown, count: number, ageSeconds: number | null]>([
    [undefined, -1, null],
    [false, -1, null],
    [true, 0, null],
    [0, 0, null],
    [7, 7, null],
    [-1, -1, null],
    [{ count: 3 }, 3, null],
    [{ age: 0.5 }, -1, 0.5],
    [{ age: 60, count: 0 }, 0, 60],
    [{}, -1, null],
  ])('reads %j', (remove, count, ageSeconds) => {
    expect(retentionRule(remove as boolean)).toEqual({ count, ageSeconds });
  });

  it.each([[null], ['5'], [Number.NaN], [2.5], [[]], [{ count: 'all', age: '1' }], [{ age: -1e300 }]])(
    'keeps all for what means nothing: %j',
    (remove) => {
      expect(retentionRule(remove as never)).toEqual({ count: -1, ageSeconds: null });
    },
  );
});
