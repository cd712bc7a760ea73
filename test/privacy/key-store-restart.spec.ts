import { SystemClock } from '../../src/kernel/time/clock.js';
import { SqlDatabase, SqlDataKeyStore } from '../../src/message-queue/adapters/sql/index.js';
import { AppKeys } from '../../src/message-queue/privacy/keys/app-keys.js';
import type { StoredDataKeys } from '../../src/message-queue/privacy/keys/stored-data-keys.js';
import { KeyRing } from '../support/key-ring.js';
import { TestPostgres } from '../support/postgres-server.js';
import { waitUntil } from '../support/wait-until.js';

const QUEUE = 'message-delivery';
const SCOPES = Array.from({ length: 20 }, (_, index) => `conversation:c-${index}`);

describe('data keys in a PostgreSQL that stops and starts', () => {
  let server: TestPostgres;
  let database: SqlDatabase;
  beforeAll(async () => {
    server = await TestPostgres.start();
    database = await SqlDatabase.open({ url: await server.createDatabase() });
  });
  afterAll(async () => {
    await database.close();
    await server.stop();
  });

  function keysOf(forMs: number): StoredDataKeys {
    const limits = { keys: 1_000, forMs };
    const store = new SqlDataKeyStore(database);
    const notHeld = () => Promise.resolve(false);
    const { stored } = new AppKeys(store, new KeyRing(), new SystemClock(), limits, notHeld);
    if (stored === null) throw new Error('There is a store.');
    return stored.dataKeys;
  }

  it('go on sealing and opening for scopes in use, and take new ones when it is back', async () => {
    // Asked for again many times a second, so that the outage is noticed everywhere.
    const keys = keysOf(100);
    const seal = async (scope: string): Promise<Buffer> => {
      const { id } = keys.sealingKeyNow(scope) ?? (await keys.sealingKey(scope, QUEUE));
      expect(keys.openingKeyNow(id) ?? (await keys.openingKey(id, QUEUE))).toMatchObject({ id });
      return id;
    };
    const before = await Promise.all(SCOPES.map(seal));
    const errors: unknown[] = [];
    let [isOn, sealed] = [true, 0];
    const load = SCOPES.map(async (scope) => {
      while (isOn) {
        await seal(scope).then(
          () => (sealed += 1),
          (error: unknown) => errors.push(error),
        );
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });

    await server.kill();
    const refusals = ['new-1', 'new-2'].map((id) => keys.sealingKey(`conversation:${id}`, QUEUE));
    for (const refusal of refusals) await expect(refusal).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    const sealedByNow = sealed;
    await waitUntil(() => sealed > sealedByNow + 2_000, 'texts to be sealed while the store is away');

    await server.spawn();
    await waitUntil(() => seal('conversation:new-1').catch(() => null), 'a new scope to get its key');
    isOn = false;
    await Promise.all(load);
    expect(errors).toEqual([]);
    expect(await Promise.all(SCOPES.map(seal))).toEqual(before);
  });
});
