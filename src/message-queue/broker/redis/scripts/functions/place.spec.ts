import { redisStage } from '../../../../../../test/support/redis-stage.js';
import { placeFunctions } from './place.lua.js';

/** ARGV: the key behind the base key · first · last position. */
const READ = `local base = KEYS[1]
${placeFunctions}
return idsAt('LRANGE', ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]))`;

describe('ids at a place in Redis', () => {
  const stage = redisStage();
  const base = (): string => `${stage.fixture.prefix}:work:`;
  const read = (key: string, first: number, last: number): Promise<unknown> =>
    stage.client.eval(READ, 1, base(), key, first, last);
  const put = (key: string, ...ids: string[]): Promise<unknown> => stage.client.rpush(base() + key, ...ids);

  it.each(['wait', 'paused'])('are those of the lane, which is called `%s` now', async (name) => {
    await put(name, 'a', 'b', 'c');
    expect(await read('wait', 0, 1)).toEqual(['a', 'b']);
    expect(await read('wait', 2, 3)).toEqual(['c']);
    expect(await read('wait', 4, 5)).toEqual([]);
  });

  it('are those of both lists, one after the other, should both be there', async () => {
    await put('wait', 'a', 'b', 'c');
    await put('paused', 'd', 'e');
    const pages = [await read('wait', 0, 1), await read('wait', 2, 3), await read('wait', 4, 5)];
    expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(await read('wait', 0, 2)).toEqual(['a', 'b', 'c']);
    expect(await read('wait', 3, 5)).toEqual(['d', 'e']);
    expect(await read('active', 0, 1)).toEqual([]);
  });

  it('are none where something else stands', async () => {
    await stage.client.set(`${base()}active`, 'no list');
    await stage.client.set(`${base()}wait`, 'no list');
    await put('paused', 'a');
    expect(await read('active', 0, 1)).toEqual([]);
    expect(await read('wait', 0, 1)).toEqual(['a']);
  });
});
