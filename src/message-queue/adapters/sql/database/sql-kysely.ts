import type { Socket } from 'node:net';
import type * as KyselyModule from 'kysely';
import type { Dialect, Kysely, PostgresPool } from 'kysely';
import type * as PgModule from 'pg';
import type { CustomTypesConfig, Pool, PoolClient } from 'pg';
import { loadOptionalPackage } from '../../../../kernel/host/optional-package.js';
import { keepPrivate } from '../../../../kernel/host/private-database.js';
import { inRootContext } from '../../../../kernel/host/root-context.js';
import { SafeLogger } from '../../../../kernel/host/safe-logger.js';
import { LibsqlDriver } from './libsql-driver.js';
import type { LibsqlDatabase } from './libsql-driver.js';
import type { ResolvedSqlOptions } from '../sql-options.js';
import type { SqlSchema } from '../schema/sql-schema.js';

type KyselyPackage = typeof KyselyModule;
type PgPackage = typeof PgModule;

const NEEDED_BY = 'the SQL stores';
const INT8 = 20;

/** Kysely itself, loaded when the first store is opened. @throws MissingPackageError */
export function loadKysely(): KyselyPackage {
  return loadOptionalPackage<KyselyPackage>('kysely', NEEDED_BY);
}

/**
 * Opens a query builder on the database; nothing is connected before its first statement.
 * @param patient for migrations: one connection without deadlines
 * @throws MissingPackageError
 */
export function openKysely(options: ResolvedSqlOptions, patient = false): Kysely<SqlSchema> {
  const kysely = loadKysely();
  const dialect =
    options.dialect === 'sqlite'
      ? sqliteDialect(kysely, options, patient)
      : postgresDialect(kysely, options, patient);
  return new kysely.Kysely<SqlSchema>({ dialect });
}

function sqliteDialect(kysely: KyselyPackage, options: ResolvedSqlOptions, patient: boolean): Dialect {
  const Libsql = loadOptionalPackage<new (path: string) => LibsqlDatabase>('libsql', NEEDED_BY);
  const open = (): LibsqlDatabase => {
    keepFromOthers(options.file, !patient);
    return new Libsql(options.file);
  };
  return {
    createAdapter: () => new kysely.SqliteAdapter(),
    createDriver: () => new LibsqlDriver(open, options.busyTimeoutMs),
    createIntrospector: (db) => new kysely.SqliteIntrospector(db),
    createQueryCompiler: () => new kysely.SqliteQueryCompiler(),
  };
}

/** Another user's file is that user's to tighten: it is used as it is. @param says whether to warn of it, which is once per database */
function keepFromOthers(file: string, says: boolean): void {
  try {
    keepPrivate(file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
    if (!says) return;
    new SafeLogger('SqlDatabase').warn(
      `Other users of this machine may read the messages in "${file}", and its mode cannot be changed from here, since it is another user's. Let its owner run: chmod 600 "${file}"*`,
    );
  }
}

function postgresDialect(kysely: KyselyPackage, options: ResolvedSqlOptions, patient: boolean): Dialect {
  const pg = loadOptionalPackage<PgPackage>('pg', NEEDED_BY);
  const pool = new pg.Pool({
    connectionString: options.url,
    max: patient ? 1 : options.maxConnections,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: Math.min(10_000, options.statementTimeoutMs),
    keepAlive: true,
    // An app whose start failed closes nothing; idle connections must not keep its process.
    allowExitOnIdle: true,
    ...(patient ? {} : { statement_timeout: options.statementTimeoutMs }),
    application_name: 'nestjs-message-queue',
    types: numericTypes(pg),
  });
  // A connection that breaks fails its statement and is replaced by the next; without listeners it would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    if (!patient) limitSilence(client, 2 * options.statementTimeoutMs);
  });
  return new kysely.PostgresDialect({ pool: nobodysPool(pool) });
}

/** Connections outlive the request whose statement opened them, or handed them on to the next: they belong to none. */
function nobodysPool(pool: Pool): PostgresPool {
  return {
    connect: async () => {
      const client = await inRootContext(() => pool.connect());
      // The pool sets it anew whenever it lends the client.
      const release = client.release.bind(client);
      client.release = (error) => inRootContext(() => release(error));
      return client;
    },
    end: () => pool.end(),
  };
}

/**
 * A server that froze, or a middlebox that forgot the connection, never answers, and the server's own timeout never comes.
 * Idle connections are closed by the pool long before.
 */
function limitSilence(client: PoolClient, timeoutMs: number): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.setTimeout(timeoutMs, () => {
    stream.destroy(new Error(`PostgreSQL was silent for ${timeoutMs} ms`));
  });
}

/** Times and counts are far below 2^53; by default BIGINT comes as text. */
function numericTypes(pg: PgPackage): CustomTypesConfig {
  const { getTypeParser } = pg.types;
  const parserOf = (oid: Parameters<typeof getTypeParser>[0], format?: 'text'): unknown =>
    (oid as number) === INT8 ? Number : getTypeParser(oid, format);
  return { getTypeParser: parserOf as CustomTypesConfig['getTypeParser'] };
}
