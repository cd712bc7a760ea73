import type { OnApplicationShutdown } from '@nestjs/common';
import type { Kysely, Sql, Transaction } from 'kysely';
import { loadKysely, openKysely } from './sql-kysely.js';
import { migrateSqlSchema } from '../schema/sql-migrator.js';
import type { SqlDialectName } from '../schema/sql-dialect-name.js';
import { resolveSqlOptions } from '../sql-options.js';
import type { SqlStoreOptions } from '../sql-options.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { SqlStoreError, toSqlStoreError } from './sql-store.error.js';

/**
 * The connection that all SQL stores share. Type and injection token in one.
 *
 * Closes itself in Nest's last shutdown phase, when the queues have drained: a running job still reaches its stores.
 */
export class SqlDatabase implements OnApplicationShutdown {
  private closing: Promise<void> | null = null;

  private constructor(
    private readonly kysely: Kysely<SqlSchema>,
    /** Kysely's tag for parts of a statement that its builder has no method for. */
    readonly sql: Sql,
    readonly dialect: SqlDialectName,
  ) {}

  /**
   * Connects and brings the schema up to date, under a lock: of several processes that start together one migrates.
   * @throws MissingPackageError, InvalidConfigurationError, SqlStoreError
   */
  static async open(options: SqlStoreOptions): Promise<SqlDatabase> {
    const resolved = resolveSqlOptions(options);
    await migrateSqlSchema(resolved);
    return new SqlDatabase(openKysely(resolved), loadKysely().sql, resolved.dialect);
  }

  /**
   * Runs statements, each its own transaction.
   * @param what the end of "The SQL store could not …"
   * @throws SqlStoreError; signal.reason when aborted before it began (a statement that runs is not interrupted: its outcome would be unknown)
   */
  async run<T>(
    what: string,
    signal: AbortSignal | undefined,
    work: (db: Kysely<SqlSchema>) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    // Kysely would open a connection again, and nobody would close it.
    if (this.closing !== null) throw new SqlStoreError(what, 'CLOSED');
    try {
      return await work(this.kysely);
    } catch (error) {
      throw toSqlStoreError(what, error);
    }
  }

  /** The same in one transaction: all of it or nothing. */
  async transaction<T>(
    what: string,
    signal: AbortSignal | undefined,
    work: (transaction: Transaction<SqlSchema>) => Promise<T>,
  ): Promise<T> {
    return this.run(what, signal, (db) => db.transaction().execute(work));
  }

  /** Closes the connections after the statements that run. Safe to call twice. */
  async close(): Promise<void> {
    this.closing ??= this.kysely.destroy();
    await this.closing;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }
}
