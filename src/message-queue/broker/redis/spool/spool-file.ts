import { keepPrivate } from '../../../../kernel/host/private-database.js';
import { loadOptionalPackage } from '../../../../kernel/host/optional-package.js';
import type { ReadJob, SetAside, SpooledJob } from './spooled-job.js';

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

const KNOWN = 'base, id, at, bytes, onceKey, fingerprint';
const COLUMNS = `${KNOWN}, record`;
const TYPES = `place INTEGER PRIMARY KEY AUTOINCREMENT, base TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL,
  onceKey TEXT, fingerprint TEXT, record TEXT NOT NULL`;
/** Jobs that wait, and those that were set aside. What is not in a queue's order must not be in the way of it. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS jobs (${TYPES}, UNIQUE (base, id));
CREATE INDEX IF NOT EXISTS inOrder ON jobs (base);
CREATE TABLE IF NOT EXISTS aside (${TYPES}, code TEXT NOT NULL, why TEXT NOT NULL)`;

export const SPOOL_TABLES = ['jobs', 'aside'] as const;
export type SpoolTable = (typeof SPOOL_TABLES)[number];

/** A record of a file, and where it stands in its table. */
export interface HeldRecord {
  readonly place: number;
  readonly id: string;
  readonly record: string;
}

/** A job of a file, without its record. */
export type HeldJob = Omit<SpooledJob, 'record'>;

/** A job that was removed from a file. */
export type ErasedRecord = SpooledJob & { readonly code?: string };

/** How many jobs are taken from a file at once, and how many bytes of payloads beyond the first of them. */
export interface Portion {
  readonly jobs: number;
  readonly bytes: number;
}

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
    keepPrivate(path);
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

  /** All jobs that wait, in the order they were written, without their records. */
  held(): HeldJob[] {
    return this.database.prepare(`SELECT ${KNOWN} FROM jobs ORDER BY place`).all() as HeldJob[];
  }

  /** Writes jobs, all or none. One that waits already stays as it is. */
  write(jobs: readonly SpooledJob[]): void {
    const insert = this.database.prepare(
      `INSERT OR IGNORE INTO jobs (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.inTransaction(() => {
      for (const job of jobs) insert.run(...valuesOf(job));
    });
  }

  /** The first jobs of a queue, in the order they were written: at least one, if there is any. */
  first(base: string, most: Portion): ReadJob[] {
    const sizes = this.database
      .prepare('SELECT place, bytes FROM jobs WHERE base = ? ORDER BY place LIMIT ?')
      .all(base, most.jobs) as { place: number; bytes: number }[];
    let sum = 0;
    const tooMany = sizes.findIndex(({ bytes }, i) => (sum += bytes) > most.bytes && i > 0);
    const last = sizes.at(tooMany < 0 ? -1 : tooMany - 1)?.place ?? 0;
    return this.database
      .prepare(`SELECT place, ${COLUMNS} FROM jobs WHERE base = ? AND place <= ? ORDER BY place`)
      .all(base, last) as ReadJob[];
  }

  /**
   * Redis has these jobs, and those can never be added. All or none. As they stand now: since they were read, some may have been erased, and
   * others may have come under their ids.
   * @returns those that were still there
   */
  settle(added: readonly ReadJob[], aside: readonly SetAside[]): ReadonlySet<ReadJob> {
    const remove = this.database.prepare('DELETE FROM jobs WHERE place = ? RETURNING place');
    const keep = this.database.prepare(
      `INSERT INTO aside (${COLUMNS}, code, why) SELECT ${COLUMNS}, ?, ? FROM jobs WHERE place = ?`,
    );
    const settled = new Set<ReadJob>();
    this.inTransaction(() => {
      for (const { job, code, message } of aside) keep.run(code, message, job.place);
      for (const job of [...added, ...aside.map((one) => one.job)]) {
        if (remove.all(job.place).length > 0) settled.add(job);
      }
    });
    return settled;
  }

  /** Lets jobs that were set aside wait again, behind all others. One whose id waits too stays where it is. */
  takeBack(): void {
    this.inTransaction(() => {
      this.database.exec(
        `INSERT OR IGNORE INTO jobs (${COLUMNS}) SELECT ${COLUMNS} FROM aside ORDER BY place;
         DELETE FROM aside WHERE EXISTS
           (SELECT 1 FROM jobs WHERE jobs.base = aside.base AND jobs.id = aside.id AND jobs.record = aside.record)`,
      );
    });
  }

  /** Replaces a text of a record. @returns whether it stood there */
  replace(table: SpoolTable, place: number, was: string, is: string): boolean {
    const replaced = this.database
      .prepare(
        `UPDATE ${table} SET record = replace(record, ?, ?) WHERE place = ? AND instr(record, ?) > 0 RETURNING place`,
      )
      .all(was, is, place, was);
    return replaced.length > 0;
  }

  /** What was set aside, without the records. */
  aside(): (HeldJob & { readonly code: string; readonly why: string })[] {
    return this.database.prepare(`SELECT ${KNOWN}, code, why FROM aside ORDER BY place`).all() as never;
  }

  /** The records of a queue's jobs behind a place, in their order. */
  after(table: SpoolTable, base: string, place: number, count: number): HeldRecord[] {
    return this.database
      .prepare(`SELECT place, id, record FROM ${table} WHERE base = ? AND place > ? ORDER BY place LIMIT ?`)
      .all(base, place, count) as HeldRecord[];
  }

  /** Removes jobs of a queue from both tables, and from the log of the database. @returns those that were there; `code` of one that was set aside */
  erase(base: string, ids: readonly string[]): ErasedRecord[] {
    const erased: ErasedRecord[] = [];
    this.inTransaction(() => {
      for (const table of SPOOL_TABLES) {
        const remove = this.database.prepare(
          `DELETE FROM ${table} WHERE base = ? AND id = ? RETURNING ${COLUMNS}${table === 'aside' ? ', code' : ''}`,
        );
        for (const id of ids) erased.push(...(remove.all(base, id) as ErasedRecord[]));
      }
    });
    if (erased.length > 0) this.forget();
    return erased;
  }

  /** Moves so many jobs here from a file that a process left, those that were set aside too. @returns whether there were any */
  takeOver(left: SpoolFile, count: number): boolean {
    left.takeBack();
    const jobs = left.database
      .prepare(`SELECT place, ${COLUMNS} FROM jobs ORDER BY place LIMIT ?`)
      .all(count) as ReadJob[];
    this.write(jobs);
    left.settle(jobs, []);
    return jobs.length > 0;
  }

  /** What the log of the database still shows of what was removed goes too. */
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
      this.rollBack();
      throw error;
    }
  }

  /** A full disk ends a transaction by itself. */
  private rollBack(): void {
    try {
      this.database.exec('ROLLBACK');
    } catch (error) {
      if (!/no transaction is active/.test(String(error))) throw error;
    }
  }
}

function valuesOf({ base, id, at, bytes, onceKey, fingerprint, record }: SpooledJob): unknown[] {
  return [base, id, at, bytes, onceKey, fingerprint, record];
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
