import type { ChildProcess } from 'node:child_process';
import type { Redis } from 'ioredis';
import { waitUntil } from '../support/wait-until.js';
import { FaultBench } from './fault-bench.js';
import { workerScript } from './worker-script.js';
import type { WorkerScript } from './worker-script.js';

/** Longer than the lock of a job lives, once. */
const SPELLS_MS = [2_000, 2_000, 8_000, 2_000, 2_000];
const WORKERS = 3;

type Rules = readonly [takenAway: readonly string[], givenBack: readonly string[]];
const PASSWORD: Rules = [
  ['resetpass', '>changed'],
  ['resetpass', 'nopass'],
];

describe.each<[what: string, changes: readonly Rules[]]>([
  ['the password is changed', SPELLS_MS.map(() => PASSWORD)],
  [
    'the ACL is changed',
    [
      [['-@all'], ['+@all']],
      [['resetchannels'], ['allchannels']],
      [['off'], ['on']],
      [['resetkeys'], ['allkeys']],
      [['-evalsha'], ['+evalsha']],
    ],
  ],
])('workers under load while %s and all connections are cut, five times', (_what, changes) => {
  let script: WorkerScript;
  let bench: FaultBench;
  let admin: Redis;
  const exits: (number | null)[] = [];

  beforeAll(async () => {
    script = workerScript();
    bench = await FaultBench.start(script);
    const first = bench.redis.client();
    await first.call('ACL', 'SETUSER', 'admin', 'on', 'nopass', '+@all', 'allkeys', 'allchannels');
    first.disconnect();
    admin = bench.redis.client({ username: 'admin', password: 'any' });
  });
  afterAll(async () => {
    admin.disconnect();
    await bench.close();
    script.remove();
  });

  const allow = async (rules: readonly string[]): Promise<void> => {
    await admin.call('ACL', 'SETUSER', 'default', ...rules);
  };
  const cutAll = async (): Promise<void> => {
    for (const type of ['normal', 'pubsub']) await admin.client('KILL', 'TYPE', type);
  };
  const watch = (child: ChildProcess): void => void child.once('exit', (code) => exits.push(code));

  it('end none of them, lose and bury nothing, and are back within 5 s', async () => {
    const workers = await Promise.all(Array.from({ length: WORKERS }, () => bench.worker(10)));
    workers.forEach(watch);
    let stopped = false;
    const load = bench.produceUntil(() => stopped, { sleepMs: 20 }, 60);
    await waitUntil(() => bench.read().done.size > 20, 'the load to flow');
    const seconds: number[] = [];
    try {
      for (const [index, [takenAway, givenBack]] of changes.entries()) {
        await allow(takenAway);
        await cutAll();
        await new Promise((resolve) => setTimeout(resolve, SPELLS_MS[index]));
        await allow(givenBack);
        seconds.push(await bench.recoveredSince(Date.now()));
        // Not the next blow before each worker has had a chance to come back.
        await new Promise((resolve) => setTimeout(resolve, 1_500));
      }
    } finally {
      stopped = true;
      await load;
    }
    await bench.settled();
    const row = await bench.row('changed access', Math.max(...seconds));
    expect(exits).toEqual([]);
    expect(row).toMatchObject({ lost: 0, deadLettered: 0, wronglyDead: [], finishedTwice: 0, keyedTwice: 0 });
    expect(row.keyedEffects).toBe(row.keyedExpected);
    expect(row.acknowledged).toBeGreaterThan(300);
    expect(row.secondsToRecover).toBeLessThan(5);
  });
});
