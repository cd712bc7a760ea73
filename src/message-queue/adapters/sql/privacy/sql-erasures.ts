import type { Kysely, Selectable } from 'kysely';
import type { Page, PageRequest } from '../../../ports/page.js';
import type {
  ErasedRecords,
  ErasureRecord,
  ErasureState,
  HeldRecords,
  RecallFigures,
} from '../../../ports/privacy/tombstone.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { pageLimit, pageStart, toPage } from '../database/sql-page.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { toDate, toDateOrNull } from '../database/sql-values.js';

/** The database, or a transaction on it. */
type Tables = Pick<Kysely<SqlSchema>, 'selectFrom' | 'insertInto'>;

/** Keeps an erasure in the place of what its receipt said; that of another receipt stands. @returns the one that is kept */
export async function saveErasure(db: Tables, erasure: ErasureRecord): Promise<ErasureRecord> {
  const { receiptId, kind, hash, targetId, by, reason, at, state, holders, held, keysDestroyed } = erasure;
  const { recall } = erasure;
  const found = { kind, target_id: targetId, by, reason, at: at.getTime(), state };
  const row = {
    ...found,
    holders: JSON.stringify(holders),
    held: JSON.stringify(held),
    keys_destroyed: keysDestroyed,
    keys_destroyed_at: erasure.keysDestroyedAt?.getTime() ?? null,
    recall: recall && JSON.stringify(recall),
  };
  await db
    .insertInto('mq_erasures')
    .values({ receipt_id: receiptId, hash, ...row })
    .onConflict((conflict) =>
      conflict.column('hash').doUpdateSet(row).whereRef('mq_erasures.receipt_id', '=', 'excluded.receipt_id'),
    )
    .execute();
  return (await findErasure(db, 'hash', hash)) ?? erasure;
}

/** The erasure of a hash or of a receipt, or null. */
export async function findErasure(
  db: Tables,
  by: 'hash' | 'receipt_id',
  value: string,
): Promise<ErasureRecord | null> {
  const [row] = await db.selectFrom('mq_erasures').selectAll().where(by, '=', value).execute();
  return row === undefined ? null : toErasure(row);
}

/** Erasures in a state, the oldest first. @throws InvalidCursorError */
export async function listErasures(
  database: SqlDatabase,
  state: ErasureState,
  page: PageRequest | undefined,
  signal: AbortSignal | undefined,
): Promise<Page<ErasureRecord>> {
  const limit = pageLimit(page);
  const start = pageStart(page);
  const rows = await database.run('list erasures', signal, (db) => {
    let query = db.selectFrom('mq_erasures').selectAll().where('state', '=', state);
    if (start !== null) {
      query = query.where((eb) => eb(eb.refTuple('at', 'receipt_id'), '>', eb.tuple(start.at, start.id)));
    }
    return query
      .orderBy('at')
      .orderBy('receipt_id')
      .limit(limit + 1)
      .execute();
  });
  return toPage(rows, limit, (row) => ({ at: row.at, id: row.receipt_id }), toErasure);
}

function toErasure(row: Selectable<SqlSchema['mq_erasures']>): ErasureRecord {
  const { receipt_id: receiptId, kind, hash, target_id: targetId, by, reason, state } = row;
  return {
    ...{ receiptId, kind, hash, targetId, by, reason, at: toDate(row.at), state },
    holders: JSON.parse(row.holders) as ErasedRecords[],
    held: JSON.parse(row.held) as HeldRecords[],
    keysDestroyed: row.keys_destroyed,
    keysDestroyedAt: toDateOrNull(row.keys_destroyed_at),
    recall: row.recall === null ? null : (JSON.parse(row.recall) as RecallFigures),
  };
}
