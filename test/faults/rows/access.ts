import { pause, underLoad } from './fault.js';
import type { Fault } from './fault.js';

/** The third is longer than the lock of a job lives. */
const SPELLS_MS = [2_000, 2_000, 8_000, 2_000, 2_000];
const WORKERS = 3;
const CONCURRENCY = 10;
/** Since access is given back. */
const BACK_WITHIN_S = 5;

/** What is done to the user that workers and producers are, and how it is mended. */
type Rules = readonly [takenAway: readonly string[], givenBack: readonly string[]];

function changedAccess(name: string, changes: readonly Rules[]): Fault {
  return {
    // Jobs of takes that were cut off, one a worker, are recovered when their locks run out in the longest spell.
    ...{ name, mayFinishTwice: 0, mayBlame: WORKERS * CONCURRENCY },
    run: async (bench) => {
      const allow = (rules: readonly string[]): Promise<unknown> =>
        bench.client.call('ACL', 'SETUSER', 'default', ...rules);
      await Promise.all(Array.from({ length: WORKERS }, () => bench.worker(CONCURRENCY)));
      const seconds = await underLoad(bench, async () => {
        const recoveries: number[] = [];
        for (const [index, [takenAway, givenBack]] of changes.entries()) {
          await allow(takenAway);
          await bench.client.call('CLIENT', 'KILL', 'USER', 'default');
          await pause(SPELLS_MS[index] ?? 0);
          await allow(givenBack);
          recoveries.push(await bench.recoveredSince(Date.now()));
          // Not the next blow before each worker has had a chance to come back.
          await pause(1_500);
        }
        return Math.max(...recoveries);
      });
      await bench.settled();
      if (seconds > BACK_WITHIN_S) throw new Error(`The workers were back after ${seconds} s only.`);
      return seconds;
    },
  };
}

/** Workers and producers that are not let in any more, or not to everything, with all their connections cut, five times in a row. */
export const ACCESS: readonly Fault[] = [
  changedAccess(
    'password changed five times',
    SPELLS_MS.map(() => [
      ['resetpass', '>changed'],
      ['resetpass', 'nopass'],
    ]),
  ),
  changedAccess('ACL changed five times', [
    [['-@all'], ['+@all']],
    [['resetchannels'], ['allchannels']],
    [['off'], ['on']],
    [['resetkeys'], ['allkeys']],
    [['-evalsha'], ['+evalsha']],
  ]),
];
