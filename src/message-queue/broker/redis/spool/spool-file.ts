import { chmodSync, closeSync, openSync } from 'node:fs';
import { loadOptionalPackage } from '../../../../kernel/host/optional-package.js';
import type { SpooledJob } from './spooled-job.js';

/** The part of libsql's `Database` (better-sqlite3's interface) that is used. */
interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}
interface Statement {
  run(...values: readonly unknown[]): void;
  all(...values: readonly unknown[]): unknown[];
}

const COLUMNS = 'base, id, at, bytes, onceKey, fingerprint, record';
const SCHEMA = `CREATE TABLE IF NOT EXISTS jobs (
  place INTEGER PRIMARY KEY AUTOINCREMENT, base TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL,
  onceKey TEXT, fingerprint TEXT, record TEXT NOT NULL, UNIQUE (base, id))`;

/** A job of a file, without its record. */
export type HeldJob = Omit<SpooledJob, 'record'>;

/**
 * One file of a spool: an SQLite database that this process alone may open. What is written is on disk when the call returns,
 * or with `fsync: false` with the operating system, which outlives the process. Only its owner may read it, and what is removed
 * is overwritten.
 */
export class SpoolFile {
  private constructor(
    private readonly database: Database,
    readonly path: string,
  ) {}

  /**
   * @returns null when another process has it
   * @throws MissingPackageError; an error of SQLite when the file is damaged or the disk refuses
   */
  static open(path: string, fsync: boolean): SpoolFile | null {
    const Libsql = loadOptionalPackage<new (path: string) => Database>(
      'libsql',
      'spools (whenUnavailable: "spool")',
    );
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    const database = new Libsql(path);
    try {
      for (const pragma of ['locking_mode = EXCLUSIVE', 'journal_mode = WAL', 'secure_delete = ON']) {
        database.prepare(`PRAGMA ${pragma}`).all();
      }
      database.exec(`PRAGMA synchronous = ${fsync ? 'FULL' : 'OFF'}`);
      database.exec(SCHEMA);
      const [check] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
      if (check?.quick_check !== 'ok') throw new Error(check?.quick_check ?? 'it cannot be checked');
      return new SpoolFile(database, path);
    } catch (error) {
      database.close();
      if (codeOf(error) === 'SQLITE_BUSY') return null;
      throw error;
    }
  }

  /** All jobs that it holds, in the order they were written, without their records. */
  held(): HeldJob[] {
    return this.database
      .prepare('SELECT base, id, at, bytes, onceKey, fingerprint FROM jobs ORDER BY place')
      .all() as HeldJob[];
  }

  /** Writes jobs, all or none. One that is there already stays as it is. */
  write(jobs: readonly SpooledJob[]): void {
    const insert = this.database.prepare(
      `INSERT OR IGNORE INTO jobs (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.inTransaction(() => {
      for (const { base, id, at, bytes, onceKey, fingerprint, record } of jobs) {
        insert.run(base, id, at, bytes, onceKey, fingerprint, record);
      }
    });
  }

  /** The first jobs of a queue, or of all, in the order they were written. */
  first(count: number, base?: string): SpooledJob[] {
    const columns = `SELECT ${COLUMNS} FROM jobs`;
    return (
      base === undefined
        ? this.database.prepare(`${columns} ORDER BY place LIMIT ?`).all(count)
        : this.database.prepare(`${columns} WHERE base = ? ORDER BY place LIMIT ?`).all(base, count)
    ) as SpooledJob[];
  }

  remove(jobs: readonly SpooledJob[]): void {
    const remove = this.database.prepare('DELETE FROM jobs WHERE base = ? AND id = ?');
    this.inTransaction(() => {
      for (const { base, id } of jobs) remove.run(base, id);
    });
  }

  /** Nothing is held any more: what the log of the database still shows goes too. */
  forget(): void {
    this.database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
  }

  close(): void {
    // libsql keeps a closed database locked until its statements are collected as garbage.
    for (const pragma of ['journal_mode = DELETE', 'locking_mode = NORMAL']) {
      this.database.prepare(`PRAGMA ${pragma}`).all();
    }
    this.database.prepare('SELECT count(*) FROM jobs').all();
    this.database.close();
  }

  private inTransaction(work: () => void): void {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.database.exec('COMMIT');
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
