import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { InMemoryAuditTrail } from '../../src/message-queue/adapters/in-memory/index.js';
import { SqlAuditTrail, SqlDatabase, SqlDataKeyStore } from '../../src/message-queue/adapters/sql/index.js';
import type { SqlSchema } from '../../src/message-queue/adapters/sql/index.js';
import type { AuditTrail } from '../../src/message-queue/ports/index.js';
import { AuditChain } from '../../src/message-queue/privacy/audit/audit-chain.js';
import type { AuditEntry } from '../../src/message-queue/privacy/audit/audit-entry.js';
import type { AuditFault } from '../../src/message-queue/privacy/audit/audit-verification.js';
import { KeyWrapping } from '../../src/message-queue/privacy/keys/key-wrapping.js';
import { StoredNameKeys } from '../../src/message-queue/privacy/keys/name-keys.js';
import type { NameKeys } from '../../src/message-queue/privacy/keys/name-keys.js';
import { RingNameKeys } from '../../src/message-queue/privacy/keys/ring-name-keys.js';
import { ManualClock, recorded } from '../../src/message-queue/testing/index.js';
import { emptyTables } from '../support/empty-tables.js';
import { KeyRing } from '../support/key-ring.js';
import { TestPostgres } from '../support/postgres-server.js';

const clock = new ManualClock();

function ringNames(): NameKeys {
  return new RingNameKeys(new KeyRing());
}

async function anEntry(chain: AuditChain, fields: Partial<AuditEntry> = {}): Promise<AuditEntry> {
  const target = await chain.target('conversation', 'c-42');
  return { actor: 'ana', action: 'shred', target, reason: 'contract-ended', ...fields };
}

async function write(chain: AuditChain, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1)
    await chain.append(await anEntry(chain, { count: index, queue: 'q', jobId: `j-${index}` }));
}

describe('the audit chain', () => {
  it('keeps who did what, and no id of what it was done to', async () => {
    const trail = new InMemoryAuditTrail();
    const chain = new AuditChain(trail, ringNames(), clock);
    await write(chain, 2);
    const { items } = await chain.list({ actions: ['shred'] });
    expect(items.map(({ seq, actor, phase, count }) => [seq, actor, phase, count])).toEqual([
      [2, 'ana', 'done', 1],
      [1, 'ana', 'done', 0],
    ]);
    expect(items[0]?.at.getTime()).toBe(clock.now());
    expect(JSON.stringify(items)).not.toContain('c-42');
    expect(items[0]?.target).toEqual(await chain.target('conversation', 'c-42'));
    expect(items[0]?.target.hash).not.toBe((await chain.target('subject', 'c-42')).hash);
  });

  it.each<[string, Partial<AuditEntry>]>([
    ['reason', { reason: 'He asked us to, by telephone.' }],
    ['reason', { reason: 'x'.repeat(65) }],
    ['actor', { actor: '' }],
    ['actor', { actor: 'a\nb' }],
    ['actor', { actor: '\uD800' }],
    ['target.hash', { target: { kind: 'subject', hash: 'user-7' } }],
    ['target.kind', { target: { kind: 'Subject 7', hash: 'x'.repeat(43) } }],
    ['count', { count: -1 }],
    ['action', { action: 'format' as 'shred' }],
    ['at', { at: new Date(Number.NaN) }],
  ])('refuses an entry with a wrong %s: nothing is written, and nothing done', async (path, fields) => {
    const chain = new AuditChain(new InMemoryAuditTrail(), ringNames(), clock);
    const entry = await anEntry(chain, fields);
    const act = jest.fn(() => Promise.resolve());
    await expect(chain.audited(entry, act)).rejects.toMatchObject({
      code: 'INVALID_AUDIT_ENTRY',
      issues: [{ path }],
    });
    await expect(chain.append(entry)).rejects.toMatchObject({ code: 'INVALID_AUDIT_ENTRY' });
    expect(act).not.toHaveBeenCalled();
    expect((await chain.list()).items).toEqual([]);
  });

  it('holds where the trail forgets its oldest entries', async () => {
    const chain = new AuditChain(new InMemoryAuditTrail({ maxEntries: 5 }), ringNames(), clock);
    await write(chain, 12);
    expect(await chain.verify()).toMatchObject({ intact: true, entries: 5, end: { seq: 12 } });
  });

  it('is checked with the keys of then, and says which entries nobody can check', async () => {
    const ring = new KeyRing();
    const old = await ring.current();
    const chain = new AuditChain(new InMemoryAuditTrail(), new RingNameKeys(ring), clock);
    await write(chain, 2);
    ring.rotate();
    await write(chain, 1);
    expect(await chain.verify()).toMatchObject({ intact: true, entries: 3 });
    ring.replace(old.id, null);
    const { faults } = await chain.verify();
    expect(faults).toEqual([1, 2].map((seq): AuditFault => ({ seq, problem: 'unknown-key' })));
  });
});

describe('a destructive call', () => {
  it('is written down before it begins and when it has ended', async () => {
    const chain = new AuditChain(new InMemoryAuditTrail(), ringNames(), clock);
    const seen: number[] = [];
    const act = async (): Promise<string[]> => {
      seen.push((await chain.list()).items.length);
      return ['a', 'b', 'c'];
    };
    expect(await chain.audited(await anEntry(chain), act, (gone) => gone.length)).toEqual(['a', 'b', 'c']);
    expect(seen).toEqual([1]);
    const { items } = await chain.list();
    expect(items.map(({ phase, count }) => [phase, count])).toEqual([
      ['done', 3],
      ['begun', null],
    ]);
  });

  it('is refused when the audit cannot be written, and done when it can again', async () => {
    const trail = recorded(new InMemoryAuditTrail());
    const chain = new AuditChain(trail, ringNames(), clock);
    const act = jest.fn(() => Promise.resolve('done'));
    trail.recorder.fail('append', new Error('connect ECONNREFUSED'));
    await expect(chain.audited(await anEntry(chain), act)).rejects.toMatchObject({
      code: 'AUDIT_UNAVAILABLE',
    });
    expect(act).not.toHaveBeenCalled();
    expect(await chain.audited(await anEntry(chain), act)).toBe('done');
  });

  it('is refused by an audit that does not answer, which then goes on in order', async () => {
    const trail = recorded(new InMemoryAuditTrail());
    const own = new ManualClock();
    const chain = new AuditChain(trail, ringNames(), own);
    const entry = await anEntry(chain);
    trail.recorder.fail('append', 'stuck');
    const stuck = [1, 2, 3].map(() => chain.append(entry).catch((error: unknown) => error));
    await own.advance(5_000);
    for (const error of await Promise.all(stuck)) expect(error).toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    await chain.append(entry);
    trail.recorder.release();
    expect(await chain.verify()).toMatchObject({ intact: true, entries: 1 });
  });

  it('that fails is written down as failed, and one whose end is not written stays begun', async () => {
    const trail = recorded(new InMemoryAuditTrail());
    const chain = new AuditChain(trail, ringNames(), clock);
    const failing = chain.audited(await anEntry(chain), () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    trail.recorder.fail('append', new Error('connect ECONNREFUSED'), { after: 1 });
    expect(await chain.audited(await anEntry(chain), () => Promise.resolve(7))).toBe(7);
    const { items } = await chain.list();
    expect(items.map(({ phase }) => phase)).toEqual(['begun', 'failed', 'begun']);
  });
});

const directory = mkdtempSync(join(tmpdir(), 'mq-audit-'));
let server: TestPostgres;
let files = 0;

beforeAll(async () => {
  server = await TestPostgres.start();
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe.each([
  ['SQLite', async () => Promise.resolve(join(directory, `${(files += 1)}.db`))],
  ['PostgreSQL', () => server.createDatabase()],
])('the audit chain in %s', (name, newDatabase) => {
  let url: string;
  let database: SqlDatabase;
  const opened: SqlDatabase[] = [];
  const ring = new KeyRing();

  beforeAll(async () => {
    url = await newDatabase();
    database = await SqlDatabase.open({ url });
  });
  afterEach(async () => {
    for (const other of opened.splice(0)) await other.close();
    await (name === 'SQLite' ? emptyFile(database) : emptyTables(database));
  });
  afterAll(() => database.close());

  function chainOf(of: SqlDatabase, trail: AuditTrail = new SqlAuditTrail(of)): AuditChain {
    const names = new StoredNameKeys(new SqlDataKeyStore(of), new KeyWrapping(ring), clock);
    return new AuditChain(trail, names, clock);
  }

  async function faultsAfter(
    harm: (db: Kysely<SqlSchema>) => Promise<unknown>,
  ): Promise<readonly AuditFault[]> {
    const chain = chainOf(database);
    await write(chain, 6);
    expect(await chain.verify()).toMatchObject({ intact: true, entries: 6, end: { seq: 6 } });
    await database.run('do harm', undefined, harm);
    const { intact, faults } = await chainOf(database).verify();
    expect(intact).toBe(faults.length === 0);
    return faults;
  }

  it('has one order for all that write at once, from several connections', async () => {
    const others = await Promise.all([1, 2, 3].map(() => SqlDatabase.open({ url })));
    opened.push(...others);
    const chains = [database, ...others].map((of) => chainOf(of));
    await Promise.all(chains.map((chain) => write(chain, 15)));
    const [chain] = chains;
    expect(await chain?.verify()).toMatchObject({ intact: true, entries: 60, end: { seq: 60 } });
  });

  it('holds after a change of the ring', async () => {
    const chain = chainOf(database);
    await write(chain, 3);
    ring.rotate();
    await write(chainOf(database), 3);
    expect(await chainOf(database).verify()).toMatchObject({ intact: true, entries: 6 });
  });

  it.each<[string, object]>([
    ['actor', { actor: 'eve' }],
    ['action', { action: 'reveal' }],
    ['phase', { phase: 'begun' }],
    ['time', { at: 1 }],
    ['kind of target', { target_kind: 'subject' }],
    ['target', { target_hash: 'another-hash-of-somebody' }],
    ['queue', { queue: null }],
    ['job', { job_id: 'other' }],
    ['count', { count: 0 }],
    ['reason', { reason: null }],
    ['MAC', { mac: 'x'.repeat(43) }],
  ])('notices a changed %s', async (_what, change) => {
    const faults = await faultsAfter((db) =>
      db.updateTable('mq_audit').set(change).where('seq', '=', 4).execute(),
    );
    expect(faults).toContainEqual({ seq: 4, problem: 'changed' });
  });

  it.each([1, 3, 6])('notices that entry %d is gone', async (seq) => {
    const faults = await faultsAfter((db) => db.deleteFrom('mq_audit').where('seq', '=', seq).execute());
    expect(faults).toEqual([{ seq, problem: 'missing' }]);
  });

  it('notices that entries were renumbered to hide a gap', async () => {
    const faults = await faultsAfter(async (db) => {
      await db.deleteFrom('mq_audit').where('seq', '=', 3).execute();
      for (const seq of [4, 5, 6])
        await db
          .updateTable('mq_audit')
          .set({ seq: seq - 1 })
          .where('seq', '=', seq)
          .execute();
    });
    expect(faults).toContainEqual({ seq: 3, problem: 'changed' });
    expect(faults).toContainEqual({ seq: 6, problem: 'missing' });
  });

  it('notices that the last entry is gone together with the end', async () => {
    const faults = await faultsAfter(async (db) => {
      const [fifth] = await db.selectFrom('mq_audit').selectAll().where('seq', '=', 5).execute();
      await db.deleteFrom('mq_audit').where('seq', '=', 6).execute();
      await db.updateTable('mq_audit_head').set({ seq: 5, mac: fifth?.mac }).execute();
    });
    expect(faults).toEqual([{ seq: 5, problem: 'head' }]);
  });

  it('notices that the end is gone, or all entries', async () => {
    expect(await faultsAfter((db) => db.deleteFrom('mq_audit_head').execute())).toEqual([
      { seq: 1, problem: 'head' },
    ]);
    await (name === 'SQLite' ? emptyFile(database) : emptyTables(database));
    expect(await faultsAfter((db) => db.deleteFrom('mq_audit').execute())).toEqual([
      { seq: 1, problem: 'missing' },
    ]);
  });

  it('notices an entry that was added behind the end', async () => {
    const faults = await faultsAfter(async (db) => {
      const [last] = await db.selectFrom('mq_audit').selectAll().where('seq', '=', 6).execute();
      if (last !== undefined)
        await db
          .insertInto('mq_audit')
          .values({ ...last, seq: 7 })
          .execute();
    });
    expect(faults).toEqual([{ seq: 7, problem: 'head' }]);
  });

  /** Writes three entries and two more, and takes the database back to the three. */
  async function takenBack(chain: AuditChain) {
    await write(chain, 3);
    const [head] = await database.run('copy', undefined, (db) =>
      db.selectFrom('mq_audit_head').selectAll().execute(),
    );
    await write(chain, 2);
    const { end } = await chain.verify();
    const [fifth] = await database.run('copy', undefined, (db) =>
      db.selectFrom('mq_audit').selectAll().where('seq', '=', 5).execute(),
    );
    if (head === undefined || fifth === undefined) throw new Error('They were written.');
    expect(await chain.verify(end)).toMatchObject({ intact: true });
    await database.run('restore', undefined, async (db) => {
      await db.deleteFrom('mq_audit').where('seq', '>', 3).execute();
      await db.updateTable('mq_audit_head').set(head).execute();
    });
    await clock.advance(1);
    return { end, fifth };
  }

  it('notices, for somebody who remembers its end, that all of it was taken back', async () => {
    const chain = chainOf(database);
    const { end } = await takenBack(chain);
    expect(await chain.verify()).toMatchObject({ intact: true, entries: 3 });
    expect((await chain.verify(end)).faults).toEqual([{ seq: 5, problem: 'taken-back' }]);
    await write(chain, 3);
    expect(await chain.verify()).toMatchObject({ intact: true, entries: 6 });
    expect((await chain.verify(end)).faults).toEqual([{ seq: 5, problem: 'taken-back' }]);
  });

  it('notices an entry of another course of events, though it was signed once', async () => {
    const chain = chainOf(database);
    const { fifth } = await takenBack(chain);
    await write(chain, 3);
    await database.run('mix', undefined, async (db) => {
      await db.deleteFrom('mq_audit').where('seq', '=', 5).execute();
      await db.insertInto('mq_audit').values(fifth).execute();
    });
    expect((await chain.verify()).faults).toEqual([
      { seq: 5, problem: 'unlinked' },
      { seq: 6, problem: 'unlinked' },
    ]);
  });
});

async function emptyFile(database: SqlDatabase): Promise<void> {
  await database.run('empty the tables', undefined, async (db) => {
    for (const table of ['mq_audit', 'mq_audit_head', 'mq_data_keys'] as const)
      await db.deleteFrom(table).execute();
  });
}
