import { BoundedMap, InMemoryStoreFullError } from './bounded-map.js';

describe('BoundedMap', () => {
  it('forgets what was written longest ago when it has too many entries', () => {
    const map = new BoundedMap<string>({ maxEntries: 3 });
    for (const key of ['a', 'b', 'c']) map.set(key, key);
    map.set('a', 'again');
    map.set('d', 'd');
    expect(map.keys()).toEqual(['c', 'a', 'd']);
    expect([map.size, map.get('a'), map.get('b')]).toEqual([3, 'again', undefined]);
  });

  it('forgets as many as it takes when they hold too much, but never what was just written', () => {
    const map = new BoundedMap<string>({ maxBytes: 10 }, (text) => text.length);
    for (const key of ['a', 'b', 'c']) map.set(key, 'xxx');
    map.set('d', 'xxxxxxx');
    expect(map.keys()).toEqual(['c', 'd']);
    map.set('e', 'x'.repeat(50));
    expect(map.keys()).toEqual(['e']);
    map.delete('e');
    map.set('f', 'xxx');
    map.set('g', 'xxx');
    expect(map.keys()).toEqual(['f', 'g']);
  });

  it('refuses what has no room when nothing may be forgotten, and changes nothing', () => {
    const map = new BoundedMap<string>({ maxEntries: 2, maxBytes: 10 }, (text) => text.length);
    map.setOrRefuse('a', 'xxx', 'SomeStore');
    map.setOrRefuse('b', 'xxx', 'SomeStore');
    expect(() => map.setOrRefuse('c', 'x', 'SomeStore')).toThrow(InMemoryStoreFullError);
    expect(() => map.setOrRefuse('a', 'x'.repeat(20), 'SomeStore')).toThrow(
      'The in-memory SomeStore is full',
    );
    map.setOrRefuse('a', 'yyyyyyy', 'SomeStore');
    expect([map.keys(), map.values()]).toEqual([
      ['a', 'b'],
      ['yyyyyyy', 'xxx'],
    ]);
  });
});
