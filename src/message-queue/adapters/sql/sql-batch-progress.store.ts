import { BatchProgressStore } from '../../ports/messages/batch-progress-store.js';
import type { BatchProgress, BatchSummary } from '../../ports/messages/batch-progress-store.js';
import type { SqlDatabase } from './sql-database.js';

/** The progress of batches, in SQL. */
export class SqlBatchProgressStore extends BatchProgressStore {
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
    if (row === undefined) return null;
    const { chunks_done: chunksDone, total_chunks: totalChunks, recipients, sent, failed, skipped } = row;
    return { batchId, segment, chunksDone, totalChunks, recipients, sent, failed, skipped };
  }

  async save(progress: BatchProgress, signal: AbortSignal): Promise<void> {
    const { batchId, segment, chunksDone, totalChunks, recipients, sent, failed, skipped } = progress;
    const reached = { chunks_done: chunksDone, total_chunks: totalChunks, recipients, sent, failed, skipped };
    await this.database.run("save a batch's progress", signal, (db) =>
      db
        .insertInto('mq_batch_progress')
        .values({ batch_id: batchId, segment, ...reached })
        .onConflict((conflict) =>
          conflict
            .columns(['batch_id', 'segment'])
            .doUpdateSet(reached)
            .whereRef('mq_batch_progress.chunks_done', '<=', 'excluded.chunks_done'),
        )
        .execute(),
    );
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
}
