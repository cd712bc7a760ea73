import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { TestPostgres } from '../support/postgres-server.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import type { LettersHostSettings } from './process/letters-host.js';
import { LettersProcesses, ringKey } from './process/letters-process.js';
import type { LettersProcess } from './process/letters-process.js';

const [K1, K2] = [ringKey('k-1'), ringKey('k-2')];
const WAITING = 40;

interface Place {
  readonly name: string;
  /** Null: keys are derived from the ring. */
  open(): Promise<string | null>;
  close(): Promise<void> | void;
}

function sqlite(): Place {
  const directory = mkdtempSync(join(tmpdir(), 'mq-another-process-'));
  return {
    name: 'data keys in SQLite',
    open: () => Promise.resolve(`file:${join(directory, 'keys.db')}`),
    close: () => rmSync(directory, { recursive: true }),
  };
}

function postgres(): Place {
  let server: TestPostgres | undefined;
  return {
    name: 'data keys in PostgreSQL',
    open: async () => (server = await TestPostgres.start()).createDatabase(),
    close: () => server?.stop(),
  };
}

const DERIVED: Place = {
  name: 'keys derived from the ring',
  open: () => Promise.resolve(null),
  close: () => undefined,
};

describe.each([DERIVED, sqlite(), postgres()])(
  'What a process sealed before it was killed, $name',
  (place) => {
    const processes = new LettersProcesses();
    let redis: TestRedis;
    let client: Redis;
    let database: string | null;

    beforeAll(async () => {
      redis = await TestRedis.start();
      client = redis.client();
      database = await place.open();
    });
    afterAll(async () => {
      processes.close();
      client.disconnect();
      await redis.stop();
      await place.close();
    });

    const start = (over: Partial<LettersHostSettings>): Promise<LettersProcess> =>
      processes.start({
        ...{ port: redis.port, prefix: 'p', sealing: 'on', keys: K1, database },
        ...{ role: 'both', isBroken: false, ...over },
      });
    const moved = (operator: LettersProcess): Promise<unknown> =>
      operator.ask(database === null ? 'reseal' : 'rewrapKeys');

    it('is completed by another one, after the ring key that it was sealed with was replaced and removed', async () => {
      const first = await start({ isBroken: true });
      await first.ask('add', 1_000, 1, 'hang');
      await first.ask('add', 2_000, 1, 'tear');
      await waitUntil(async () => (await client.llen('hung')) === 1, 'a handler to hang');
      await waitUntil(async () => (await client.zcard('p:letters:failed')) === 1, 'the dead letter');
      await first.ask('pause');
      await first.ask('add', 0, WAITING);
      const [delayed = ''] = await first.ask('add', 3_000, 1, 'read', 3_600_000);
      await first.kill();

      // Both keys, and nothing runs: the queue is paused.
      const operator = await start({ keys: `${K2},${K1}` });
      await waitUntil(async () => {
        const { left } = (await moved(operator)) as { readonly left: number };
        return left === 0;
      }, 'the job of the killed process to be handed back, and moved like the others');
      await operator.ask('replayAll');
      await operator.stop();

      const last = await start({ keys: K2 });
      await client.zadd('p:letters:delayed', 'XX', Date.now() * 0x1000, delayed);
      await last.ask('resume');
      await waitUntil(async () => (await client.llen('ran')) >= WAITING + 3, 'every letter to run');
      const letters = [...Array.from({ length: WAITING }, (_, n) => n), 1_000, 2_000, 3_000];
      expect((await client.lrange('ran', 0, -1)).sort()).toEqual(
        letters.map((n) => `on l-${n} secret ${n}`).sort(),
      );
      await waitUntil(async () => (await client.zcard('p:letters:completed')) === letters.length, 'all ends');
      expect(await client.zcard('p:letters:failed')).toBe(0);
      await last.stop();
    });
  },
);

describe('What a process sealed before it was killed, with a ring key that was removed too early', () => {
  const processes = new LettersProcesses();
  let redis: TestRedis;
  let client: Redis;

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = redis.client();
  });
  afterAll(async () => {
    processes.close();
    client.disconnect();
    await redis.stop();
  });

  it('waits, and is completed when the key is back', async () => {
    const common = { port: redis.port, prefix: 'p', sealing: 'on', database: null, isBroken: false } as const;
    const first = await processes.start({ ...common, keys: K1, role: 'producer' });
    await first.ask('add', 0, WAITING);
    await first.kill();
    const early = await processes.start({ ...common, keys: K2, role: 'both' });
    await waitUntil(async () => (await client.zcard('p:letters:delayed')) === WAITING, 'all to be put aside');
    expect(await early.ask('reseal')).toEqual({ resealed: 0, left: WAITING });
    expect(await client.llen('ran')).toBe(0);
    await early.stop();
    const last = await processes.start({ ...common, keys: `${K2},${K1}`, role: 'both' });
    await waitUntil(async () => (await client.llen('ran')) === WAITING, 'every letter to run', 60_000);
    expect(await client.zcard('p:letters:failed')).toBe(0);
    await last.stop();
  });
});
