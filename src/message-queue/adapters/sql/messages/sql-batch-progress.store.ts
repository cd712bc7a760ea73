import type { Selectable, SqlBool } from 'kysely';
import { BatchProgressStore } from '../../../ports/messages/batch-progress-store.js';
import type { BatchProgress, BatchSummary } from '../../../ports/messages/batch-progress-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { toDate } from '../database/sql-values.js';
import type { AgingTable } from '../traces/sql-old-rows.js';
import { countOld, removeOld } from '../traces/sql-old-rows.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { countTraces, eraseTraces, isOfTarget } from '../traces/sql-traces.js';
import type { TraceTable } from '../traces/sql-traces.js';
import type { SqlSchema } from '../schema/sql-schema.js';

/** The last messages of a batch take its progress along; those that a clean-up has claimed are gone already. */
const SEGMENTS: readonly TraceTable[] = [
  {
    name: 'mq_batch_progress',
    key: ['batch_id', 'segment'],
    isUnderHold: false,
    which(database, target) {
      const { sql } = database;
      const isTarget = isOfTarget(database, target);
      return sql`batch_id IN (SELECT message.batch_id FROM mq_messages AS message WHERE ${isTarget})
        AND NOT EXISTS (SELECT 1 FROM mq_messages AS message
          WHERE message.batch_id = mq_batch_progress.batch_id AND message.claimed = 0 AND NOT (${isTarget}))`;
    },
  },
];

const AGING: AgingTable = {
  name: 'mq_batch_progress',
  key: ['batch_id', 'segment'],
  at: 'saved_at',
  isInConversations: false,
};

/** The progress of batches, in SQL. */
export class SqlBatchProgressStore extends BatchProgressStore {
  readonly holds = 'batch progress';

  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async find(batchId: string, segment: number, signal: AbortSignal): Promise<BatchProgress | null> {
    const [row] = await this.database.run("find a batch's progress", signal, (db) =>
      db
        .selectFrom('mq_batch_progress')
        .selectAll()
        .where('batch_id', '=', batchId)
        .where('segment', '=', segment)
        .execute(),
    );
    return row === undefined ? null : toProgress(row);
  }

  async save(progress: BatchProgress, signal: AbortSignal): Promise<void> {
    const { batch_id, segment, ...reached } = toRow(progress);
    await this.database.run("save a batch's progress", signal, (db) =>
      db
        .insertInto('mq_batch_progress')
        .values({ batch_id, segment, ...reached })
        .onConflict((conflict) =>
          conflict
            .columns(['batch_id', 'segment'])
            .doUpdateSet(reached)
            .where(() => {
              const { sql } = this.database;
              const isSame = sql`COALESCE(mq_batch_progress.fingerprint, '') = COALESCE(excluded.fingerprint, '')`;
              const isOwn = sql`mq_batch_progress.job_id = excluded.job_id`;
              const isFurther = sql`mq_batch_progress.chunks_done <= excluded.chunks_done`;
              return sql<SqlBool>`(${isSame} AND ${isFurther} OR NOT ${isSame} AND ${isOwn})`;
            }),
        )
        .execute(),
    );
  }

  async begin(progress: BatchProgress, signal: AbortSignal): Promise<BatchProgress> {
    const row = toRow(progress);
    const [stored] = await this.database.run('begin a batch', signal, (db) =>
      db
        .insertInto('mq_batch_progress')
        .values(row)
        // Changes nothing: a row that is there is returned by a statement that writes it only.
        .onConflict((conflict) =>
          conflict.columns(['batch_id', 'segment']).doUpdateSet({ batch_id: row.batch_id }),
        )
        .returningAll()
        .execute(),
    );
    return stored === undefined ? progress : toProgress(stored);
  }

  async abandon(batchId: string, segment: number, jobId: string, signal: AbortSignal): Promise<boolean> {
    const removed = await this.database.run('forget a batch', signal, (db) =>
      db
        .deleteFrom('mq_batch_progress')
        .where('batch_id', '=', batchId)
        .where('segment', '=', segment)
        .where('job_id', '=', jobId)
        .where('chunks_done', '=', 0)
        .returning('batch_id')
        .execute(),
    );
    return removed.length > 0;
  }

  async summarize(batchId: string, signal?: AbortSignal): Promise<BatchSummary | null> {
    const { sql } = this.database;
    const [sums] = await this.database.run('summarize a batch', signal, (db) =>
      db
        .selectFrom('mq_batch_progress')
        .select(({ fn }) => {
          // PostgreSQL's sum of BIGINT is a NUMERIC, which the driver hands out as text.
          const sum = (
            column: 'chunks_done' | 'total_chunks' | 'recipients' | 'sent' | 'failed' | 'skipped',
          ) => sql<number>`CAST(COALESCE(SUM(${sql.ref(column)}), 0) AS BIGINT)`;
          return [
            fn.countAll<number>().as('segments'),
            sum('chunks_done').as('chunksDone'),
            sum('total_chunks').as('totalChunks'),
            sum('recipients').as('recipients'),
            sum('sent').as('sent'),
            sum('failed').as('failed'),
            sum('skipped').as('skipped'),
          ];
        })
        .where('batch_id', '=', batchId)
        .execute(),
    );
    return sums === undefined || sums.segments === 0 ? null : { batchId, ...sums };
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, SEGMENTS, target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return eraseTraces(this.database, SEGMENTS, target, limit, signal);
  }

  async countOld(before: Date, signal: AbortSignal): Promise<number> {
    return countOld(this.database, AGING, before, signal);
  }

  async removeOld(before: Date, limit: number, signal: AbortSignal): Promise<number> {
    return removeOld(this.database, AGING, before, limit, signal);
  }
}

type ProgressRow = Selectable<SqlSchema['mq_batch_progress']>;

function toRow({ batchId, segment, origin, ...progress }: BatchProgress): ProgressRow {
  const { chunksDone, totalChunks, recipients, sent, failed, skipped } = progress;
  return {
    ...{ batch_id: batchId, segment, chunks_done: chunksDone, total_chunks: totalChunks },
    ...{ recipients, sent, failed, skipped, job_id: origin?.jobId ?? null },
    job_added_at: origin?.jobAddedAt.getTime() ?? null,
    fingerprint: origin?.fingerprint ?? null,
    saved_at: progress.savedAt.getTime(),
  };
}

function toProgress(row: ProgressRow): BatchProgress {
  const { batch_id: batchId, segment, chunks_done: chunksDone, total_chunks: totalChunks } = row;
  const { recipients, sent, failed, skipped, job_id: jobId, job_added_at: addedAt, fingerprint } = row;
  const figures = { batchId, segment, chunksDone, totalChunks, recipients, sent, failed, skipped };
  const progress = { ...figures, savedAt: toDate(row.saved_at) };
  if (jobId === null || addedAt === null || fingerprint === null) return progress;
  return { ...progress, origin: { jobId, jobAddedAt: toDate(addedAt), fingerprint } };
}
