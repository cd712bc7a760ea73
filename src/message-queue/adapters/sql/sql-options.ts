import { InvalidConfigurationError } from '../../../kernel/errors.js';
import type { Issue } from '../../../kernel/errors.js';
import type { SqlDialectName } from './sql-migrations.js';

/** How to reach the database of the SQL stores. */
export interface SqlStoreOptions {
  /**
   * `postgres://user:password@host:5432/database` (needs the package `pg`), or a SQLite file as a path, `file:data/chat.db` or
   * `sqlite:data/chat.db` (needs the package `libsql`); its directory is created. Both need the package `kysely`.
   */
  readonly url: string;
  /** Brings the schema up to date at start. Default true; false only checks it. */
  readonly migrate?: boolean;
  /** PostgreSQL: connections of this process. Default 10. */
  readonly maxConnections?: number;
  /** PostgreSQL: how long a statement may take, milliseconds. Default 15 000. */
  readonly statementTimeoutMs?: number;
  /** SQLite: how long a statement waits for another process's write lock, milliseconds. Default 5000. */
  readonly busyTimeoutMs?: number;
}

/** Options with every default filled in. */
export interface ResolvedSqlOptions extends Required<SqlStoreOptions> {
  readonly dialect: SqlDialectName;
  /** SQLite: the path. */
  readonly file: string;
}

/** @throws InvalidConfigurationError listing every mistake; never with the address itself, it may hold a password */
export function resolveSqlOptions(options: SqlStoreOptions): ResolvedSqlOptions {
  const resolved = {
    migrate: true,
    maxConnections: 10,
    statementTimeoutMs: 15_000,
    busyTimeoutMs: 5_000,
    ...withoutUndefined(options),
  };
  const issues: Issue[] = [];
  for (const name of ['maxConnections', 'statementTimeoutMs', 'busyTimeoutMs'] as const) {
    if (!Number.isInteger(resolved[name]) || resolved[name] < 1) {
      issues.push({ path: name, message: `is ${String(resolved[name])}; allowed is a whole number from 1` });
    }
  }
  const address = parseUrl(resolved.url);
  if (address === null) {
    issues.push({
      path: 'url',
      message: 'is not postgres://…, file:…, sqlite:… or the path of a SQLite file',
    });
  }
  if (address === null || issues.length > 0) {
    throw new InvalidConfigurationError('The options of sqlStoreAdapters are wrong:', issues);
  }
  return Object.freeze({ ...resolved, ...address });
}

function parseUrl(url: unknown): { dialect: SqlDialectName; file: string } | null {
  if (typeof url !== 'string' || url.trim() === '') return null;
  if (/^postgres(ql)?:\/\//.test(url)) return { dialect: 'postgres', file: '' };
  const file = url.replace(/^(sqlite|file):(\/\/)?/, '');
  // Anything else with a scheme is another database; a single letter before the colon is a Windows drive.
  if (file === '' || /^[a-z][a-z+.-]+:/i.test(file)) return null;
  return { dialect: 'sqlite', file };
}

function withoutUndefined(options: SqlStoreOptions): SqlStoreOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as SqlStoreOptions;
}
