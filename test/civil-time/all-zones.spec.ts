import { CronTimes } from '../../src/kernel/time/cron-times.js';
import { clockChanges, differencesAround, randomCrons } from '../support/civil-oracle.js';

/** `CIVIL_TIME_SEED` picks other expressions. */
const SEED = Number(process.env.CIVIL_TIME_SEED ?? 1);
const CRONS_PER_CHANGE = 8;
const [FROM, UNTIL] = [Date.UTC(2021, 0, 1), Date.UTC(2031, 0, 1)];

function runsOf(cron: string, zone: string, from: number, until: number): number[] {
  const times = new CronTimes(cron, zone);
  const runs: number[] = [];
  for (let at = times.after(from); at !== null && at <= until; at = times.after(at)) runs.push(at);
  return runs;
}

describe('cron expressions in every zone, a decade long', () => {
  let changes = 0;

  afterAll(() => process.stdout.write(`Civil time: ${changes} changes of clocks, seed ${SEED}\n`));

  it.each(Intl.supportedValuesOf('timeZone'))('are right in %s', (zone) => {
    const found = clockChanges(zone, FROM, UNTIL);
    changes += found.length;
    const wrong = found.flatMap((change, i) =>
      differencesAround(change, zone, randomCrons(SEED * 1_000 + i, CRONS_PER_CHANGE), runsOf),
    );
    expect(wrong).toEqual([]);
  });
});
