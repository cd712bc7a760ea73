import { SqlDatabase } from '../../../src/message-queue/adapters/sql/index.js';

/**
 * Effects outside of Redis that must happen once, as a host would write them: a unique key and the effect in one
 * transaction. The key is the job's id, so an effect happens twice when a run repeats it under another id, and only then.
 */
export class KeyedEffects {
  private constructor(private readonly database: SqlDatabase) {}

  /** Makes the tables first. */
  static async create(url: string): Promise<KeyedEffects> {
    const database = await SqlDatabase.open({ url });
    const { sql } = database;
    await database.transaction('make the tables of the fault tests', undefined, async (tx) => {
      await sql`CREATE TABLE applied (job_id TEXT PRIMARY KEY)`.execute(tx);
      await sql`CREATE TABLE happened (effect TEXT NOT NULL)`.execute(tx);
    });
    return new KeyedEffects(database);
  }

  /** The tables are there. */
  static async open(url: string): Promise<KeyedEffects> {
    return new KeyedEffects(await SqlDatabase.open({ url, migrate: false }));
  }

  /** Lets an effect happen unless it happened for this job. */
  async apply(jobId: string, effect: string): Promise<void> {
    const { sql } = this.database;
    await this.database.transaction('apply an effect', undefined, async (tx) => {
      const { numAffectedRows } =
        await sql`INSERT INTO applied (job_id) VALUES (${jobId}) ON CONFLICT DO NOTHING`.execute(tx);
      if (numAffectedRows === 1n) await sql`INSERT INTO happened (effect) VALUES (${effect})`.execute(tx);
    });
  }

  /** Effect → how often it happened. */
  async happened(): Promise<ReadonlyMap<string, number>> {
    const { sql } = this.database;
    const { rows } = await this.database.run('count effects', undefined, (db) =>
      sql<{
        effect: string;
        times: number;
      }>`SELECT effect, COUNT(*) AS times FROM happened GROUP BY effect`.execute(db),
    );
    return new Map(rows.map(({ effect, times }) => [effect, times]));
  }

  async close(): Promise<void> {
    await this.database.close();
  }
}
