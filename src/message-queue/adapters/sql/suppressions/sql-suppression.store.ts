import { createHash } from 'node:crypto';
import type { Selectable, SqlBool } from 'kysely';
import type { Page } from '../../../ports/page.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { SuppressionStore } from '../../../ports/suppressions/suppression-store.js';
import type { SuppressionFilter, SuppressionLifting } from '../../../ports/suppressions/suppression-store.js';
import { SuppressionReason, WISHED_SUPPRESSIONS } from '../../../ports/suppressions/suppression.js';
import type { Suppression, SuppressionChannel } from '../../../ports/suppressions/suppression.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { pageLimit, pageStart, toPage } from '../database/sql-page.js';
import { toDate, toText } from '../database/sql-values.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { countTraces, eraseTraces, isAmong, traceTable } from '../traces/sql-traces.js';

type SuppressionRow = Selectable<SqlSchema['mq_suppressions']>;

const ENTRIES = [
  traceTable({ name: 'mq_suppressions', key: ['channel', 'destination_hash'], subject: 'recipient_id' }),
];

/** Suppressed destinations in SQL. A destination is found by its hash: a push subscription is longer than an index takes. */
export class SqlSuppressionStore extends SuppressionStore {
  readonly holds = 'suppressions';

  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async add(suppression: Suppression, signal?: AbortSignal): Promise<'added' | 'unchanged'> {
    const { channel, destination, recipientId, reason, detail, at } = suppression;
    const { sql } = this.database;
    const wished = sql.join(WISHED_SUPPRESSIONS.map((one) => sql.lit(one)));
    const replaces = sql<SqlBool>`(mq_suppressions.lifted_at < excluded.at OR mq_suppressions.lifted_at IS NULL
      AND excluded.reason IN (${wished}) AND mq_suppressions.reason NOT IN (${wished}))`;
    const added = await this.database.run('suppress a destination', signal, (db) =>
      db
        .insertInto('mq_suppressions')
        .values({
          ...{ channel, destination_hash: hashOf(destination), destination: toText(destination) },
          ...{ recipient_id: recipientId, reason, detail: detail === null ? null : toText(detail) },
          ...{ at: at.getTime(), lifted_at: null },
        })
        .onConflict((conflict) =>
          conflict
            .columns(['channel', 'destination_hash'])
            .doUpdateSet((eb) => ({
              destination: eb.ref('excluded.destination'),
              recipient_id: eb.ref('excluded.recipient_id'),
              reason: eb.ref('excluded.reason'),
              detail: eb.ref('excluded.detail'),
              at: eb.ref('excluded.at'),
              lifted_at: null,
            }))
            .where(replaces),
        )
        .returning('channel')
        .execute(),
    );
    return added.length > 0 ? 'added' : 'unchanged';
  }

  async findMany(
    channel: SuppressionChannel,
    destinations: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly Suppression[]> {
    if (destinations.length === 0) return [];
    const hashes = [...new Set(destinations)].map(hashOf);
    const rows = await this.database.run('find suppressed destinations', signal, (db) =>
      db
        .selectFrom('mq_suppressions')
        .selectAll()
        .where('channel', '=', channel)
        .where('lifted_at', 'is', null)
        .where(isAmong(this.database, this.database.sql.ref('destination_hash'), hashes))
        .execute(),
    );
    return rows.map(toSuppression);
  }

  async lift(lifting: SuppressionLifting, signal?: AbortSignal): Promise<Suppression | null> {
    const { channel, destination, only } = lifting;
    const at = lifting.at.getTime();
    const hash = hashOf(destination);
    const lifted = await this.database.run('lift a suppression', signal, (db) =>
      db
        .updateTable('mq_suppressions')
        .set({ destination: '', lifted_at: at })
        .where('channel', '=', channel)
        .where('destination_hash', '=', hash)
        .where('lifted_at', 'is', null)
        .where('at', '<=', at)
        .$if(only !== undefined, (query) => query.where('reason', '=', only as SuppressionReason))
        .returningAll()
        .execute(),
    );
    if (lifted[0] !== undefined) return { ...toSuppression(lifted[0]), destination };
    await this.rememberLifting(channel, hash, at, signal);
    return null;
  }

  async list(filter: SuppressionFilter = {}, signal?: AbortSignal): Promise<Page<Suppression>> {
    const { channel, recipientId } = filter;
    const limit = pageLimit(filter);
    const start = pageStart(filter);
    const rows = await this.database.run('list suppressed destinations', signal, (db) => {
      let query = db.selectFrom('mq_suppressions').selectAll().where('lifted_at', 'is', null);
      if (channel !== undefined) query = query.where('channel', '=', channel);
      if (recipientId !== undefined) query = query.where('recipient_id', '=', recipientId);
      if (start !== null) {
        query = query.where((eb) =>
          eb(eb.refTuple('at', 'destination_hash'), '<', eb.tuple(start.at, start.id)),
        );
      }
      return query
        .orderBy('at', 'desc')
        .orderBy('destination_hash', 'desc')
        .limit(limit + 1)
        .execute();
    });
    return toPage(rows, limit, (row) => ({ at: row.at, id: row.destination_hash }), toSuppression);
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, ENTRIES, target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return eraseTraces(this.database, ENTRIES, target, limit, signal);
  }

  /** When nothing was lifted, so that a suppression that comes late is known to be older. */
  private async rememberLifting(
    channel: SuppressionChannel,
    destination_hash: string,
    at: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { sql } = this.database;
    await this.database.run('remember that a destination is wanted', signal, (db) =>
      db
        .insertInto('mq_suppressions')
        .values({
          ...{ channel, destination_hash, destination: '', recipient_id: null, detail: null },
          ...{ reason: SuppressionReason.MANUAL, at, lifted_at: at },
        })
        .onConflict((conflict) =>
          conflict
            .columns(['channel', 'destination_hash'])
            .doUpdateSet((eb) => ({ lifted_at: eb.ref('excluded.lifted_at') }))
            .where(sql<SqlBool>`mq_suppressions.lifted_at < excluded.lifted_at`),
        )
        .execute(),
    );
  }
}

function hashOf(destination: string): string {
  return createHash('sha256').update(destination).digest('base64url');
}

function toSuppression(row: SuppressionRow): Suppression {
  const { channel, destination, reason, detail } = row;
  return { channel, destination, recipientId: row.recipient_id, reason, detail, at: toDate(row.at) };
}
