import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqlDatabase, SqlDeviceTokenStore } from '../../src/message-queue/adapters/sql/index.js';
import { SQL_MIGRATIONS } from '../../src/message-queue/adapters/sql/schema/sql-migrations.js';
import type { SqlMigration } from '../../src/message-queue/adapters/sql/schema/sql-migrations.js';
import { TestPostgres } from '../support/postgres-server.js';

/** A database of the release before tokens had one owner. */

const never = new AbortController().signal;
const directory = mkdtempSync(join(tmpdir(), 'mq-devices-'));
const keys = {
  p256dh: Buffer.alloc(65, 4).toString('base64url'),
  auth: Buffer.alloc(16).toString('base64url'),
};
const ENDPOINT = 'https://push.example/1';
const ROWS = [
  ['d1', 'ada', 'fcm', 'of-two'],
  ['d2', 'ben', 'fcm', 'of-two'],
  ['d3', 'cleo', 'fcm', 'twice'],
  ['d4', 'cleo', 'fcm', 'twice'],
  ['d5', 'cleo', 'apns', 'twice'],
  ['d6', 'dora', 'web', JSON.stringify({ endpoint: ENDPOINT, keys })],
  ['d7', 'eve', 'web', JSON.stringify({ keys, endpoint: ENDPOINT }, null, 2)],
  ['d8', 'fay', 'web', JSON.stringify({ endpoint: `${ENDPOINT}/fay`, keys })],
  ['d9', 'fay', 'web', 'no JSON'],
  ['d10', 'fay', 'apns', 'ABCD'],
  ['d11', 'fay', 'fcm', 'x'.repeat(9_000)],
] as const;

let server: TestPostgres;
beforeAll(async () => {
  server = await TestPostgres.start();
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe.each([
  ['SQLite', () => Promise.resolve(join(directory, 'old.db'))],
  ['PostgreSQL', () => server.createDatabase()],
])('devices of an older release in %s', (_name, newDatabase) => {
  it('keep their tokens, but not those that several people had', async () => {
    const url = await newDatabase();
    const steps = SQL_MIGRATIONS as SqlMigration[];
    const later = steps.splice(6);
    const old = await SqlDatabase.open({ url }).finally(() => steps.push(...later));
    for (const row of ROWS) {
      const values = old.sql.join(row.map((value) => old.sql`${value}`));
      await old.run('test', undefined, (db) =>
        old.sql`INSERT INTO mq_device_tokens VALUES (${values})`.execute(db),
      );
    }
    await old.close();

    const database = await SqlDatabase.open({ url });
    const devices = new SqlDeviceTokenStore(database);
    const idsOf = async (person: string): Promise<string[]> =>
      (await devices.list(person, never)).map(({ deviceId }) => deviceId).sort();
    expect(await Promise.all(['ada', 'ben', 'dora', 'eve'].map(idsOf))).toEqual([[], [], [], []]);
    expect(await idsOf('cleo')).toEqual(['d4', 'd5']);
    expect(await idsOf('fay')).toEqual(['d10', 'd8', 'd9']);
    // What stayed is known by the same key as what is registered now.
    const device = { recipientId: 'gus', platform: 'apns', token: 'abcd' } as const;
    await devices.register({ ...device, deviceId: 'd12' });
    const token = JSON.stringify({ keys, endpoint: `${ENDPOINT}/fay` });
    await devices.register({ ...device, deviceId: 'd13', platform: 'web', token });
    expect(await idsOf('fay')).toEqual(['d9']);
    await database.close();
  });
});
