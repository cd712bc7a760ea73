import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely';

/** The part of libsql's `Database` (better-sqlite3's interface) that is used. */
export interface LibsqlDatabase {
  prepare(statement: string): LibsqlStatement;
  close(): void;
}

interface LibsqlStatement {
  readonly reader: boolean;
  all(parameters: readonly unknown[]): unknown[];
  run(parameters: readonly unknown[]): { changes: number };
}

const CACHED_STATEMENTS = 200;

/**
 * Kysely's driver for one SQLite file. Unlike the driver that comes with Kysely, it waits for another process's write lock
 * without blocking the event loop, and starts transactions with the write lock, so that none fails half-way.
 */
export class LibsqlDriver implements Driver {
  private connection: LibsqlConnection | null = null;
  /** One connection: the next user starts when the previous one has released it. */
  private lastReleased: Promise<void> = Promise.resolve();
  private release: () => void = () => undefined;

  /**
   * @param open opens the file
   * @param busyTimeoutMs how long a statement waits for the lock of another connection
   */
  constructor(
    private readonly open: () => LibsqlDatabase,
    private readonly busyTimeoutMs: number,
  ) {}

  async init(): Promise<void> {
    this.connection = new LibsqlConnection(this.open(), this.busyTimeoutMs);
    // A short wait inside SQLite spares most retries; it blocks the event loop, so it must stay short.
    await this.connection.execute('PRAGMA busy_timeout = 10');
    await this.connection.execute('PRAGMA journal_mode = WAL');
    await this.connection.execute('PRAGMA synchronous = NORMAL');
    await this.connection.execute('PRAGMA foreign_keys = ON');
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const { connection, lastReleased } = this;
    if (connection === null) throw new Error('The SQLite driver is not open.');
    let release: () => void = () => undefined;
    this.lastReleased = new Promise((resolve) => (release = resolve));
    await lastReleased;
    this.release = release;
    return connection;
  }

  async releaseConnection(): Promise<void> {
    this.release();
  }

  async beginTransaction(): Promise<void> {
    await this.connection?.execute('BEGIN IMMEDIATE');
  }

  async commitTransaction(): Promise<void> {
    await this.connection?.execute('COMMIT');
  }

  async rollbackTransaction(): Promise<void> {
    await this.connection?.execute('ROLLBACK');
  }

  async destroy(): Promise<void> {
    const { connection } = this;
    this.connection = null;
    await this.lastReleased;
    connection?.close();
  }
}

class LibsqlConnection implements DatabaseConnection {
  private readonly statements = new Map<string, LibsqlStatement>();

  constructor(
    private readonly database: LibsqlDatabase,
    private readonly busyTimeoutMs: number,
  ) {}

  async execute(statement: string): Promise<void> {
    await this.untilNotBusy(() => this.runOnce(statement, []));
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.untilNotBusy(() => this.runOnce<R>(query.sql, query.parameters));
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('The SQL stores read pages; the SQLite driver does not stream.');
  }

  close(): void {
    this.statements.clear();
    this.database.close();
  }

  private runOnce<R>(sql: string, parameters: readonly unknown[]): QueryResult<R> {
    const statement = this.prepare(sql);
    if (statement.reader) return { rows: statement.all(parameters) as R[] };
    return { rows: [], numAffectedRows: BigInt(statement.run(parameters).changes) };
  }

  private prepare(sql: string): LibsqlStatement {
    const cached = this.statements.get(sql);
    if (cached !== undefined) return cached;
    const statement = this.database.prepare(sql);
    if (this.statements.size >= CACHED_STATEMENTS) this.statements.clear();
    this.statements.set(sql, statement);
    return statement;
  }

  private async untilNotBusy<T>(attempt: () => T): Promise<T> {
    const giveUpAt = performance.now() + this.busyTimeoutMs;
    for (;;) {
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error) || performance.now() >= giveUpAt) throw error;
        await new Promise((resolve) => setTimeout(resolve, 2 + Math.random() * 18));
      }
    }
  }
}

function isBusy(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^SQLITE_(BUSY|LOCKED)/.test(code);
}
