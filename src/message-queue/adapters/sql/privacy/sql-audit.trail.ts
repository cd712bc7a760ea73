import type { Insertable, Selectable, Transaction } from 'kysely';
import { AuditTrail } from '../../../ports/privacy/audit-trail.js';
import type { AuditExtent, AuditQuery, AuditRecord } from '../../../ports/privacy/audit-trail.js';
import type { Page } from '../../../ports/page.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { pageLimit, pageStart, toPage } from '../database/sql-page.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { toDate } from '../database/sql-values.js';

/** The audit in SQL. Nothing in it is ever changed or removed by the library. */
export class SqlAuditTrail extends AuditTrail {
  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async extent(signal?: AbortSignal): Promise<AuditExtent> {
    const [head] = await this.database.run('find the end of the audit', signal, (db) =>
      db.selectFrom('mq_audit_head').select(['seq', 'mac', 'seal']).execute(),
    );
    return { head: head === undefined ? null : { ...head }, oldestSeq: 1 };
  }

  async append(record: AuditRecord, seal: string, signal?: AbortSignal): Promise<'appended' | 'conflict'> {
    return this.database.transaction('write to the audit', signal, async (tx) => {
      if (!(await moveHead(tx, record, seal))) return 'conflict';
      await tx.insertInto('mq_audit').values(toRow(record)).execute();
      return 'appended';
    });
  }

  async after(seq: number, limit: number, signal?: AbortSignal): Promise<readonly AuditRecord[]> {
    const rows = await this.database.run('read the audit', signal, (db) =>
      db
        .selectFrom('mq_audit')
        .selectAll()
        .where('seq', '>', seq)
        .orderBy('seq')
        .limit(pageLimit({ limit }))
        .execute(),
    );
    return rows.map(toRecord);
  }

  async list(query: AuditQuery = {}, signal?: AbortSignal): Promise<Page<AuditRecord>> {
    const limit = pageLimit(query);
    const before = pageStart(query)?.at ?? Number.MAX_SAFE_INTEGER;
    const { actions } = query;
    if (actions?.length === 0) return { items: [], nextCursor: null };
    const rows = await this.database.run('list the audit', signal, (db) => {
      const all = db.selectFrom('mq_audit').selectAll().where('seq', '<', before);
      const asked = actions === undefined ? all : all.where('action', 'in', actions);
      return asked
        .orderBy('seq', 'desc')
        .limit(limit + 1)
        .execute();
    });
    return toPage(rows, limit, (row) => ({ at: row.seq, id: '' }), toRecord);
  }
}

/** Whoever moves the head is the only one to add the entry after it. */
async function moveHead(tx: Transaction<SqlSchema>, record: AuditRecord, seal: string): Promise<boolean> {
  const head = { seq: record.seq, mac: record.mac, seal };
  const moved =
    record.seq === 1
      ? await tx
          .insertInto('mq_audit_head')
          .values({ id: 1, ...head })
          .onConflict((conflict) => conflict.doNothing())
          .returning('seq')
          .execute()
      : await tx
          .updateTable('mq_audit_head')
          .set(head)
          .where('seq', '=', record.seq - 1)
          .returning('seq')
          .execute();
  return moved.length > 0;
}

function toRow(record: AuditRecord): Insertable<SqlSchema['mq_audit']> {
  const { seq, at, actor, action, phase, target, queue, jobId, count, reason, keyId, previous, mac } = record;
  return {
    ...{ seq, at: at.getTime(), actor, action, phase, target_kind: target.kind, target_hash: target.hash },
    ...{ queue, job_id: jobId, count, reason, key_id: keyId, previous, mac },
  };
}

function toRecord(row: Selectable<SqlSchema['mq_audit']>): AuditRecord {
  const { seq, actor, action, phase, queue, count, reason, previous, mac } = row;
  const target = { kind: row.target_kind, hash: row.target_hash };
  return {
    ...{ seq, at: toDate(row.at), actor, action, phase, target },
    ...{ queue, jobId: row.job_id, count, reason, keyId: row.key_id, previous, mac },
  };
}
