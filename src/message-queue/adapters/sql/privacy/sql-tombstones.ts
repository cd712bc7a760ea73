import type { Kysely, Selectable } from 'kysely';
import type { Page, PageRequest } from '../../../ports/page.js';
import type { Tombstone } from '../../../ports/privacy/tombstone.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { pageLimit, pageStart, toPage } from '../database/sql-page.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { toDate } from '../database/sql-values.js';

/** The database, or a transaction on it. */
type Tables = Pick<Kysely<SqlSchema>, 'selectFrom' | 'insertInto'>;

/** Writes a tombstone unless its hash has one. @returns the one that stands */
export async function addTombstone(db: Tables, tombstone: Tombstone): Promise<Tombstone> {
  const { kind, hash, at, receiptId } = tombstone;
  await db
    .insertInto('mq_tombstones')
    .values({ hash, kind, at: at.getTime(), receipt_id: receiptId })
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .execute();
  const [standing] = await findTombstones(db, [hash]);
  return standing ?? tombstone;
}

/** The tombstones of these hashes. */
export async function findTombstones(db: Tables, hashes: readonly string[]): Promise<Tombstone[]> {
  const rows = await db.selectFrom('mq_tombstones').selectAll().where('hash', 'in', hashes).execute();
  return rows.map(toTombstone);
}

/** Tombstones, the oldest first. @throws InvalidCursorError */
export async function listTombstones(
  database: SqlDatabase,
  page: PageRequest | undefined,
  signal: AbortSignal | undefined,
): Promise<Page<Tombstone>> {
  const limit = pageLimit(page);
  const start = pageStart(page);
  const rows = await database.run('list tombstones', signal, (db) => {
    let query = db.selectFrom('mq_tombstones').selectAll();
    if (start !== null) {
      query = query.where((eb) => eb(eb.refTuple('at', 'hash'), '>', eb.tuple(start.at, start.id)));
    }
    return query
      .orderBy('at')
      .orderBy('hash')
      .limit(limit + 1)
      .execute();
  });
  return toPage(rows, limit, (row) => ({ at: row.at, id: row.hash }), toTombstone);
}

/** When the newest tombstone was written, or null. */
export async function newestTombstoneAt(db: Tables): Promise<Date | null> {
  const [row] = await db.selectFrom('mq_tombstones').select('at').orderBy('at', 'desc').limit(1).execute();
  return row === undefined ? null : toDate(row.at);
}

function toTombstone(row: Selectable<SqlSchema['mq_tombstones']>): Tombstone {
  return { kind: row.kind, hash: row.hash, at: toDate(row.at), receiptId: row.receipt_id };
}
