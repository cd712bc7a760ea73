import { kind, Refusal } from '../../../kernel/values/kind.js';
import { address, flag, milliseconds, wholeNumber } from '../../../kernel/values/kinds.js';
import { defaulted, required, resolveOptions } from '../../../kernel/values/options.js';
import type { FieldsOf } from '../../../kernel/values/options.js';
import { addressShown } from '../../../kernel/values/words.js';
import type { SqlDialectName } from './schema/sql-dialect-name.js';

/** How to reach the database of the SQL stores. */
export interface SqlStoreOptions {
  /**
   * `postgres://user:password@host:5432/database` (needs the package `pg`), or a SQLite file as a path, `file:data/chat.db` or
   * `sqlite:data/chat.db` (needs the package `libsql`); its directory is created. The file is
   * its owner's alone (mode 600), also if it was not before. Both need the package `kysely`.
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

interface SqlAddress {
  readonly dialect: SqlDialectName;
  /** SQLite: the path. */
  readonly file: string;
}

/** Options with every default filled in. */
export interface ResolvedSqlOptions extends Required<SqlStoreOptions>, SqlAddress {}

const POSTGRES = address('postgres', 'postgresql');

const URL_KIND = kind<string>(
  'postgres://…, file:…, sqlite:… or the path of a SQLite file',
  (value) => {
    const parsed = parseUrl(value);
    if (parsed === null) return new Refusal();
    return parsed.dialect === 'postgres' ? POSTGRES.read(value) : (value as string);
  },
  { show: addressShown },
);

const FIELDS = {
  url: required(URL_KIND),
  migrate: defaulted(flag(), true),
  maxConnections: defaulted(wholeNumber(1), 10),
  statementTimeoutMs: defaulted(milliseconds(1), 15_000),
  busyTimeoutMs: defaulted(milliseconds(1), 5_000),
} satisfies FieldsOf<SqlStoreOptions>;

/** @throws InvalidConfigurationError listing every mistake; never with the address itself, it may hold a password */
export function resolveSqlOptions(options: SqlStoreOptions): ResolvedSqlOptions {
  const resolved = resolveOptions('sqlStoreAdapters', options, FIELDS);
  const address = parseUrl(resolved.url) ?? { dialect: 'sqlite', file: resolved.url };
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
