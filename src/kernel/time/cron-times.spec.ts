import { clockChanges, differencesAround, randomCrons } from '../../../test/support/civil-oracle.js';
import { randomFrom } from '../../../test/support/random-from.js';
import { CronTimes } from './cron-times.js';

/** Zones and times of every kind of change; the whole decade of all zones: `npm run test:civil-time`. */
const CHANGES: readonly (readonly [kind: string, zone: string, near: string])[] = [
  ['an hour that is skipped', 'Europe/Berlin', '2026-03-29'],
  ['an hour that comes twice', 'Europe/Berlin', '2026-10-25'],
  ['half an hour that is skipped', 'Australia/Lord_Howe', '2026-10-04'],
  ['half an hour that comes twice', 'Australia/Lord_Howe', '2026-04-05'],
  ['two hours that are skipped', 'Antarctica/Troll', '2026-03-29'],
  ['two hours that come twice', 'Antarctica/Troll', '2026-10-25'],
  ['a day whose midnight does not exist', 'America/Havana', '2026-03-08'],
  ['a day whose midnight comes twice', 'America/Havana', '2026-11-01'],
  ['a day that begins at one', 'Africa/Cairo', '2026-04-24'],
  ['a day that ends an hour early', 'America/Nuuk', '2026-03-29'],
  ['a day that ends an hour late', 'America/Nuuk', '2026-10-25'],
  ['a month with other clocks', 'Africa/Casablanca', '2026-02-15'],
  ['a day that is left out', 'Pacific/Apia', '2011-12-30'],
  ['a day that comes nearly twice', 'Pacific/Kwajalein', '1969-10-01'],
  ['clocks that change for good', 'Asia/Pyongyang', '2018-05-04'],
];
const DAY_MS = 86_400_000;
const SEEDS = [1, 2];

function runsOf(cron: string, zone: string | undefined, from: number, until: number): number[] {
  const times = new CronTimes(cron, zone);
  const runs: number[] = [];
  for (let at = times.after(from); at !== null && at <= until; at = times.after(at)) runs.push(at);
  return runs;
}

function iso(cron: string, zone: string, from: string, days: number): string[] {
  const start = Date.parse(from);
  return runsOf(cron, zone, start, start + days * DAY_MS).map((at) => new Date(at).toISOString());
}

describe('the times of a cron expression', () => {
  it.each(CHANGES)('are right around %s (%s, %s)', (_kind, zone, near) => {
    const day = Date.parse(near);
    const changes = clockChanges(zone, day - 2 * DAY_MS, day + 2 * DAY_MS);
    expect(changes).not.toEqual([]);
    const crons = SEEDS.flatMap((seed) => randomCrons(seed, 10));
    expect(changes.flatMap((change) => differencesAround(change, zone, crons, runsOf))).toEqual([]);
  });

  it('are right around changes that a seed picks', () => {
    const random = randomFrom(20261129);
    const zones = Intl.supportedValuesOf('timeZone');
    for (let round = 0; round < 12; round += 1) {
      const zone = zones[Math.floor(random() * zones.length)] as string;
      const from = Date.UTC(2020 + Math.floor(random() * 10), 0, 1);
      const changes = clockChanges(zone, from, from + 365 * DAY_MS);
      const crons = randomCrons(round, 6);
      expect(changes.flatMap((change) => differencesAround(change, zone, crons, runsOf))).toEqual([]);
    }
  });

  it('run a named time once a day, at the first moment after a gap', () => {
    expect(iso('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(iso('15,45 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 1)).toEqual([
      '2026-03-29T01:00:00.000Z',
    ]);
    expect(iso('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
    expect(iso('@daily', 'America/Havana', '2026-03-07T12:00:00Z', 2)).toEqual([
      '2026-03-08T05:00:00.000Z',
      '2026-03-09T04:00:00.000Z',
    ]);
  });

  it('go by the time that passes with a wildcard or a step', () => {
    expect(iso('30 * * * *', 'Europe/Berlin', '2026-10-25T00:00:00Z', 0.1)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T01:30:00.000Z',
    ]);
    expect(iso('@hourly', 'Europe/Berlin', '2026-03-29T00:30:00Z', 0.1)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T02:00:00.000Z',
    ]);
  });

  it('are read as before: seconds, steps from a value, every value, names', () => {
    expect(iso('30 0 2 * * *', 'UTC', '2026-01-01T00:00:00Z', 1)).toEqual(['2026-01-01T02:00:30.000Z']);
    expect(iso('5/25 2 * * *', 'UTC', '2026-01-01T00:00:00Z', 1)).toEqual(
      ['05', '30', '55'].map((minute) => `2026-01-01T02:${minute}:00.000Z`),
    );
    expect(iso('0 2 */1 * 6', 'UTC', '2026-01-01T00:00:00Z', 7)).toEqual(['2026-01-03T02:00:00.000Z']);
    expect(iso('0 2 * jan MON-FRI', 'UTC', '2026-01-02T00:00:00Z', 4)).toEqual([
      '2026-01-02T02:00:00.000Z',
      '2026-01-05T02:00:00.000Z',
    ]);
    expect(iso('0 0 L 2 *', 'UTC', '2028-02-01T00:00:00Z', 40)).toEqual(['2028-02-29T00:00:00.000Z']);
  });

  it('never come on a day that does not exist', () => {
    expect(new CronTimes('0 0 31 2 *', 'UTC').after(0)).toBeNull();
  });

  it.each([
    ['30 9', /it has 2 fields/],
    ['0 0 0 1 1 * 2030', /it has 7 fields/],
    ['60 * * * *', /Invalid value for minute: 60/],
    ['nonsense', /it has 1 field/],
  ])('do not exist for "%s"', (expression, message) => {
    expect(() => new CronTimes(expression)).toThrow(message);
  });
});
