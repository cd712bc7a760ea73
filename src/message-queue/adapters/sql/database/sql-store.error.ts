import { types } from 'node:util';
import { MessageQueueError } from '../../../../kernel/errors.js';

/**
 * The database refused a statement or could not be reached; the job is tried again by its queue's rules. Carries the
 * database's error code and never a value of the statement: neither in the message nor in the `cause`.
 */
export class SqlStoreError extends MessageQueueError {
  readonly code = 'SQL_STORE';

  constructor(
    what: string,
    /** SQLSTATE of PostgreSQL, result code of SQLite, error code of Node's network, or `UNKNOWN`. */
    readonly databaseCode: string,
    cause?: Error,
  ) {
    super(
      `The SQL store could not ${what}: ${databaseCode}${cause === undefined ? '' : ` (${cause.message})`}.`,
      {
        cause,
      },
    );
  }
}

/** Turns what a database driver threw into an error that is safe to log. */
export function toSqlStoreError(what: string, thrown: unknown): SqlStoreError {
  if (!isError(thrown)) return new SqlStoreError(what, 'UNKNOWN');
  const code = textField(thrown, 'code') ?? 'UNKNOWN';
  // PostgreSQL quotes values in `message`, `detail` and `where`; SQLite and sockets name only objects and addresses.
  const isFromPostgres = textField(thrown, 'severity') !== undefined;
  if (!isFromPostgres) return new SqlStoreError(what, code, thrown);
  const place = ['table', 'column', 'constraint', 'routine']
    .map((field) => [field, textField(thrown, field)] as const)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${field} ${String(value)}`);
  const cause = new Error(['PostgreSQL', ...place].join(', '));
  return new SqlStoreError(what, code, cause);
}

function textField(from: object, name: string): string | undefined {
  const value = (from as Record<string, unknown>)[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** libsql's errors are not native ones, and native ones may come from another realm. */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown);
}
