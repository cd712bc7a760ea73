import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import type { LettersHostSettings } from './process/letters-host.js';
import { LettersProcesses, ringKey } from './process/letters-process.js';
import type { LettersProcess } from './process/letters-process.js';

/** How long each test keeps the load up, seconds; 0: as many rounds as it takes to see something. */
const SECONDS = Number(process.env['ROLLING_UPGRADE_SECONDS'] ?? 0);
const LEAST_ROUNDS = 10;
/** Letters that each process adds in a round. */
const LETTERS = 5;
/** From one round to the next of a long run, so that Redis keeps all its dead letters. */
const PAUSE_MS = 50;

type Sealing = LettersHostSettings['sealing'];

describe('Releases that seal, and those before', () => {
  const processes = new LettersProcesses();
  const keys = ringKey('k-1');
  let redis: TestRedis;
  let client: Redis;
  let added: number;

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = redis.client();
  });
  beforeEach(async () => {
    await client.flushall();
    added = 0;
  });
  afterAll(async () => {
    processes.close();
    client.disconnect();
    await redis.stop();
  });

  const start = (sealing: Sealing): Promise<LettersProcess> =>
    processes.start({
      ...{ port: redis.port, prefix: 'p', sealing, keys, database: null },
      ...{ role: 'both', isBroken: false },
    });
  const failed = (): Promise<number> => client.zcard('p:letters:failed');
  const ran = async (): Promise<{ readonly by: string; readonly letter: string }[]> =>
    (await client.lrange('ran', 0, -1)).map((line) => {
      const [by = '', ...letter] = line.split(' ');
      return { by, letter: letter.join(' ') };
    });
  const ended = (): Promise<unknown> =>
    waitUntil(async () => (await client.llen('ran')) + (await failed()) >= added, 'every letter to end');

  /** Every process adds letters. */
  async function load(fleet: readonly LettersProcess[], share = 1): Promise<void> {
    const until = performance.now() + SECONDS * 1_000 * share;
    for (let round = 0; round < LEAST_ROUNDS || performance.now() < until; round += 1) {
      await Promise.all(
        fleet.map((process) => {
          added += LETTERS;
          return process.ask('add', added - LETTERS, LETTERS);
        }),
      );
      await ended();
      if (SECONDS > 0) await pause(PAUSE_MS);
    }
  }

  async function expectAllRanOnce(): Promise<void> {
    const letters = Array.from({ length: added }, (_, n) => `l-${n} secret ${n}`);
    expect((await ran()).map(({ letter }) => letter).sort()).toEqual(letters.sort());
    expect(await failed()).toBe(0);
  }

  async function report(what: string, dead: number): Promise<void> {
    if (SECONDS === 0) return;
    const byRelease: Record<string, number> = {};
    for (const { by } of await ran()) byRelease[by] = (byRelease[by] ?? 0) + 1;
    process.stdout.write(
      `${what}: ${added} letters, ${dead} of them dead letters meanwhile, runs by release ${JSON.stringify(byRelease)}\n`,
    );
  }

  it(
    'side by side: sealed jobs that an earlier one takes are dead letters at once, and a replay completes them all',
    async () => {
      const [before, on] = await Promise.all([start('before'), start('on')]);
      await load([before, on]);
      // Enough of them, whoever was quicker.
      while ((await failed()) === 0) await load([before, on]);
      const dead = await failed();
      // At once: each of them has failed only this one time.
      for (const failures of await on.ask('failures')) expect(failures).toEqual(['INVALID_PAYLOAD']);
      const first = await ran();
      expect(new Set(first.map(({ by }) => by))).toEqual(new Set(['before', 'on']));
      expect(first.length + dead).toBe(added);
      await before.stop();
      await waitUntil(async () => {
        await on.ask('replayAll');
        return (await failed()) === 0;
      }, 'all to be replayed');
      await waitUntil(async () => (await client.llen('ran')) >= added, 'all to run', 120_000);
      await expectAllRanOnce();
      await report('side by side', dead);
      await on.stop();
    },
    240_000 + SECONDS * 1_000,
  );

  it(
    'one after the other, open-only in between, forwards and back: no job is ever a dead letter',
    async () => {
      const fleet = [await start('before'), await start('before')];
      const steps: readonly Sealing[] = ['open-only', 'on', 'open-only', 'before'];
      const share = 1 / (1 + 2 * steps.length);
      await load(fleet, share);
      for (const sealing of steps) {
        for (let index = 0; index < fleet.length; index += 1) {
          const [next] = await Promise.all([start(sealing), fleet.shift()?.stop()]);
          fleet.push(next);
          await load(fleet, share);
          expect(await failed()).toBe(0);
        }
      }
      expect(new Set((await ran()).map(({ by }) => by))).toEqual(new Set(['before', 'open-only', 'on']));
      await expectAllRanOnce();
      await report('one after the other', 0);
      for (const process of fleet) await process.stop();
    },
    240_000 + SECONDS * 1_000,
  );
});
