import { redisStage } from '../../../../../test/support/redis-stage.js';
import { addOrdinaryScript } from './add-ordinary.lua.js';

const LIMIT = 5;
const RESERVE = 6;
const OPTIONS = '{"attempts":5}';
/** Kinds of the calls below: name, `priority`, jobs that may wait, timestamp. */
const KINDS = [
  ['usual', '', LIMIT, 5],
  ['other', '', LIMIT, 7],
  ['urgent', '1', RESERVE, 5],
] as const;

type Job = readonly [kind: number, id: string];

/** Each breaks one guarantee of the script. */
const MUTATIONS: readonly (readonly [broken: string, from: string, to: string])[] = [
  ['maxWaiting', 'if depth < ', 'if true or depth < '],
  ['maxWaiting', '  depth = depth + 1\n', ''],
  ['maxWaiting', "redis.call('LLEN', wait) + ", '0 + '],
  ['maxWaiting', "tonumber(redis.call('GET', inLanes))", 'nil'],
  ['maxWaiting', "base .. 'priority', paused, inLanes,", "base .. 'priority', paused, paused,"],
  ['maxWaiting', 'full[job] = depth', 'full[job + 1] = depth'],
  ['sent again', "redis.call('EXISTS', unpack(keys, NAMES + 1)) > 0", 'false'],
  ['sent again', "redis.call('EXISTS', unpack(keys)) > 0", 'false'],
  ['hash', 'job * width', 'job * width + 1'],
  ['hash', 'ARGV[beforeData + job]', 'ARGV[beforeData + 1]'],
  ['hash', 'ARGV[kind + 3]', 'ARGV[firstKind + 3]'],
  ['sent again', 'gone[id] or ', ''],
  ['sent again', 'period - 1', 'period - 2'],
  ['order', "'LPUSH', wait", "'RPUSH', wait"],
  ['lanes', "if toDefaultLane and priority == ''", 'if toDefaultLane'],
  ['lanes', 'rare().levelOf(priority)', 'rare().DEFAULT_LEVEL'],
];

describe('addOrdinaryScript', () => {
  const stage = redisStage();
  let bases = 0;

  /** What a queue promises, and the script does not keep. */
  async function broken(lua: string): Promise<string[]> {
    const { client } = stage;
    const base = `${stage.fixture.prefix}:${(bases += 1)}:`;
    const add = (...jobs: Job[]): Promise<unknown> => {
      const numbered = jobs.map(([kind, id]) => `0${kind}${id}`).join('');
      const head = ['token', OPTIONS, numbered, KINDS.length, ...KINDS.flat()];
      return client.eval(lua, 1, base, ...head, ...jobs.map(([, id]) => `{"of":"${id}"}`));
    };
    const waiting = async (lane: string): Promise<string[]> =>
      (await client.lrange(base + lane, 0, -1)).reverse();
    const found: string[] = [];
    const expectSame = (promise: string, actual: unknown, expected: unknown): void => {
      if (JSON.stringify(actual) !== JSON.stringify(expected)) found.push(promise);
    };

    expectSame('reply', await add([0, 'a'], [1, 'b'], [0, 'c']), 1);
    expectSame('order', await waiting('wait'), ['a', 'b', 'c']);
    expectSame('hash', await client.hmget(`${base}b`, 'name', 'data', 'timestamp'), [
      ...['other', '{"of":"b"}', '7'],
    ]);
    expectSame('reply', await add([2, 'u'], [0, 'd']), 1);
    expectSame('lanes', await waiting('mq:lane:1'), ['u']);
    expectSame('hash', Object.keys(await client.hgetall(`${base}u`)), [
      ...['name', 'data', 'opts', 'timestamp', 'priority'],
    ]);
    expectSame('hash', await client.hmget(`${base}u`, 'opts', 'data'), [OPTIONS, '{"of":"u"}']);
    expectSame('maxWaiting', await add([0, 'e']), [LIMIT]);
    expectSame('maxWaiting', await client.exists(`${base}e`), 0);
    const mixed = await add([0, 'e'], [2, 'v'], [2, 'w']);
    expectSame('maxWaiting', mixed, [LIMIT, -1, RESERVE]);
    // What happened to a job since must not be undone when its call is sent again, as one whose answer was lost.
    await client.hset(`${base}a`, 'opts', '{"changed":true}');
    const period = Math.floor(Number((await client.time())[0]) / 15);
    await client
      .multi()
      .del(`${base}b`)
      .lrem(`${base}wait`, 0, 'b')
      .sadd(`${base}mq:gone:${period - 1}`, 'b')
      .set(`${base}mq:gone`, '')
      .exec();
    expectSame('sent again', await add([0, 'a'], [1, 'b'], [0, 'c']), 1);
    expectSame('sent again', await waiting('wait'), ['a', 'c', 'd']);
    expectSame('sent again', await client.hget(`${base}a`, 'opts'), '{"changed":true}');
    return [...new Set(found)];
  }

  it('keeps what a queue promises', async () => {
    expect(await broken(addOrdinaryScript.lua)).toEqual([]);
  });

  it.each(MUTATIONS)('would not keep %s with a mistake: %s → %s', async (promise, from, to) => {
    expect(addOrdinaryScript.lua).toContain(from);
    expect(await broken(addOrdinaryScript.lua.replace(from, to))).toContain(promise);
  });
});
