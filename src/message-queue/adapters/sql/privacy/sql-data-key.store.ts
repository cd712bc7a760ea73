import type { Selectable, Transaction } from 'kysely';
import { DataKeyStore } from '../../../ports/privacy/data-key-store.js';
import type {
  DataKeyRecord,
  DestroyOutcome,
  DestroyRequest,
  NewDataKey,
  WrappedCount,
} from '../../../ports/privacy/data-key-store.js';
import type { Page, PageRequest } from '../../../ports/page.js';
import type { ErasureRecord, ErasureState, Tombstone } from '../../../ports/privacy/tombstone.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { findErasure, listErasures, saveErasure } from './sql-erasures.js';
import { lockLegalHolds } from '../traces/sql-legal-holds.js';
import { pageLimit, pageStart, toPage } from '../database/sql-page.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { lockScope } from '../database/sql-scope.lock.js';
import { addTombstone, findTombstones, listTombstones, newestTombstoneAt } from './sql-tombstones.js';
import { toDate, toDateOrNull } from '../database/sql-values.js';

type DataKeyRow = Selectable<SqlSchema['mq_data_keys']>;

/** Wrapped data keys in SQL, beside the legal holds that forbid to destroy them. */
export class SqlDataKeyStore extends DataKeyStore {
  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async current(scopeHash: string, signal?: AbortSignal): Promise<DataKeyRecord | null> {
    return this.database.run('find the key of a scope', signal, (db) => newestOf(db, scopeHash));
  }

  async byId(keyId: string, signal?: AbortSignal): Promise<DataKeyRecord | null> {
    const [row] = await this.database.run('find a data key', signal, (db) =>
      db.selectFrom('mq_data_keys').selectAll().where('key_id', '=', keyId).execute(),
    );
    return row === undefined ? null : toRecord(row);
  }

  async add(key: NewDataKey, signal?: AbortSignal): Promise<DataKeyRecord | null> {
    return this.database.transaction('add a data key', signal, async (tx) => {
      await lockScope(this.database, tx, key.scopeHash);
      const buried = await tx
        .selectFrom('mq_tombstones')
        .select('hash')
        .where('hash', '=', key.scopeHash)
        .execute();
      if (buried.length > 0) return null;
      const newest = await newestOf(tx, key.scopeHash);
      if (newest !== null && newest.generation >= key.generation) return newest;
      await tx
        .insertInto('mq_data_keys')
        .values({
          ...{ key_id: key.keyId, scope_hash: key.scopeHash, generation: key.generation },
          ...{ wrapped: key.wrapped, ring_key_id: key.ringKeyId },
          ...{ created_at: key.createdAt.getTime(), destroyed_at: null },
        })
        .execute();
      return { ...key, destroyedAt: null };
    });
  }

  async rewrap(
    keyId: string,
    previous: string,
    next: { readonly wrapped: string; readonly ringKeyId: string },
    signal?: AbortSignal,
  ): Promise<boolean> {
    const rewrapped = await this.database.run('rewrap a data key', signal, (db) =>
      db
        .updateTable('mq_data_keys')
        .set({ wrapped: next.wrapped, ring_key_id: next.ringKeyId })
        .where('key_id', '=', keyId)
        .where('wrapped', '=', previous)
        .returning('key_id')
        .execute(),
    );
    return rewrapped.length > 0;
  }

  async listNotWrappedBy(
    ringKeyId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<DataKeyRecord>> {
    const limit = pageLimit(page);
    const start = pageStart(page);
    const rows = await this.database.run('list data keys', signal, (db) =>
      db
        .selectFrom('mq_data_keys')
        .selectAll()
        .where('wrapped', 'is not', null)
        .where('ring_key_id', '!=', ringKeyId)
        .where('key_id', '>', start?.id ?? '')
        .orderBy('key_id')
        .limit(limit + 1)
        .execute(),
    );
    return toPage(rows, limit, (row) => ({ at: 0, id: row.key_id }), toRecord);
  }

  async countByRingKey(signal?: AbortSignal): Promise<readonly WrappedCount[]> {
    const rows = await this.database.run('count data keys', signal, (db) =>
      db
        .selectFrom('mq_data_keys')
        .select(({ fn }) => ['ring_key_id', fn.countAll<number>().as('keys')])
        .where('wrapped', 'is not', null)
        .groupBy('ring_key_id')
        .execute(),
    );
    return rows.map((row) => ({ ringKeyId: row.ring_key_id, keys: row.keys }));
  }

  async destroy(request: DestroyRequest, signal?: AbortSignal): Promise<DestroyOutcome> {
    const { scopeHash, conversationId, at, receiptId } = request;
    return this.database.transaction('destroy the keys of a scope', signal, async (tx) => {
      await lockLegalHolds(this.database, tx);
      if (conversationId !== null && (await isHeld(tx, conversationId))) return { outcome: 'held' };
      await lockScope(this.database, tx, scopeHash);
      await addTombstone(tx, { kind: 'conversation', hash: scopeHash, at, receiptId });
      const destroyed = await tx
        .updateTable('mq_data_keys')
        .set({ wrapped: null, destroyed_at: at.getTime() })
        .where('scope_hash', '=', scopeHash)
        .where('wrapped', 'is not', null)
        .returning('key_id')
        .execute();
      return { outcome: 'destroyed', keys: destroyed.length };
    });
  }

  async addTombstone(tombstone: Tombstone, signal?: AbortSignal): Promise<Tombstone> {
    return this.database.transaction('write a tombstone', signal, async (tx) => {
      // A key that is being added sees the tombstone, or is stored before it.
      await lockScope(this.database, tx, tombstone.hash);
      return addTombstone(tx, tombstone);
    });
  }

  async findTombstones(hashes: readonly string[], signal?: AbortSignal): Promise<readonly Tombstone[]> {
    if (hashes.length === 0) return [];
    return this.database.run('find tombstones', signal, (db) => findTombstones(db, hashes));
  }

  async listTombstones(page?: PageRequest, signal?: AbortSignal): Promise<Page<Tombstone>> {
    return listTombstones(this.database, page, signal);
  }

  async newestTombstoneAt(signal?: AbortSignal): Promise<Date | null> {
    return this.database.run('find the newest tombstone', signal, newestTombstoneAt);
  }

  async saveErasure(erasure: ErasureRecord, signal?: AbortSignal): Promise<ErasureRecord> {
    return this.database.transaction('save an erasure', signal, (tx) => saveErasure(tx, erasure));
  }

  async withdrawErasure(receiptId: string, signal?: AbortSignal): Promise<void> {
    await this.database.run('withdraw an erasure', signal, (db) =>
      db.deleteFrom('mq_erasures').where('receipt_id', '=', receiptId).execute(),
    );
  }

  async findErasure(hash: string, signal?: AbortSignal): Promise<ErasureRecord | null> {
    return this.database.run('find an erasure', signal, (db) => findErasure(db, 'hash', hash));
  }

  async findReceipt(receiptId: string, signal?: AbortSignal): Promise<ErasureRecord | null> {
    return this.database.run('find an erasure', signal, (db) => findErasure(db, 'receipt_id', receiptId));
  }

  async listErasures(
    state: ErasureState,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<ErasureRecord>> {
    return listErasures(this.database, state, page, signal);
  }
}

async function isHeld(tx: Transaction<SqlSchema>, conversationId: string): Promise<boolean> {
  const held = await tx
    .selectFrom('mq_conversations')
    .select('conversation_id')
    .where('conversation_id', '=', conversationId)
    .where('legal_hold', '=', 1)
    .execute();
  return held.length > 0;
}

async function newestOf(db: Pick<Transaction<SqlSchema>, 'selectFrom'>, scopeHash: string) {
  const [row] = await db
    .selectFrom('mq_data_keys')
    .selectAll()
    .where('scope_hash', '=', scopeHash)
    .orderBy('generation', 'desc')
    .limit(1)
    .execute();
  return row === undefined ? null : toRecord(row);
}

function toRecord(row: DataKeyRow): DataKeyRecord {
  return {
    keyId: row.key_id,
    scopeHash: row.scope_hash,
    generation: row.generation,
    wrapped: row.wrapped,
    ringKeyId: row.ring_key_id,
    createdAt: toDate(row.created_at),
    destroyedAt: toDateOrNull(row.destroyed_at),
  };
}
