import type { Kysely, Sql, Transaction } from 'kysely';
import { loadKysely, openKysely } from '../database/sql-kysely.js';
import { SQL_MIGRATIONS } from './sql-migrations.js';
import type { SqlDialectName } from './sql-dialect-name.js';
import type { SqlMigration } from './sql-migrations.js';
import type { ResolvedSqlOptions } from '../sql-options.js';
import type { SqlSchema } from './sql-schema.js';
import { SqlStoreError, toSqlStoreError } from '../database/sql-store.error.js';

/** An arbitrary number that no other software on the database uses: "mq" and "sql" in ASCII. */
const ADVISORY_LOCK = 0x6d71_7371;

/**
 * Applies the steps that are missing, all in one transaction under a lock, so that a crash leaves the schema as it was and of
 * several starters one migrates. With `migrate: false` it only checks.
 * @throws SqlStoreError when the schema is too old and must not be migrated, or a step fails
 */
export async function migrateSqlSchema(options: ResolvedSqlOptions): Promise<void> {
  const { sql } = loadKysely();
  const db = openKysely(options, true);
  try {
    if (options.migrate) await db.transaction().execute((tx) => migrate(tx, sql, options.dialect));
    else await check(db);
  } catch (error) {
    throw error instanceof SqlStoreError ? error : toSqlStoreError('prepare its schema', error);
  } finally {
    await db.destroy();
  }
}

async function migrate(tx: Transaction<SqlSchema>, sql: Sql, dialect: SqlDialectName): Promise<void> {
  // SQLite's transactions start with the write lock; in PostgreSQL two starters would create the same table.
  if (dialect === 'postgres') await sql`SELECT pg_advisory_xact_lock(${sql.lit(ADVISORY_LOCK)})`.execute(tx);
  await sql`CREATE TABLE IF NOT EXISTS mq_migrations
    (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)`.execute(tx);
  for (const migration of await missing(tx)) {
    for (const statement of migration.statements(dialect)) await sql.raw(statement).execute(tx);
    const { version, name } = migration;
    await tx.insertInto('mq_migrations').values({ version, name, applied_at: Date.now() }).execute();
  }
}

async function check(db: Kysely<SqlSchema>): Promise<void> {
  const tables = await db.introspection.getTables();
  const steps = tables.some((table) => table.name === 'mq_migrations') ? await missing(db) : SQL_MIGRATIONS;
  if (steps.length === 0) return;
  const names = steps.map((step) => `${step.version} (${step.name})`).join(', ');
  throw new SqlStoreError(
    `start: its schema lacks ${names}; start one process with migrate: true`,
    'SCHEMA_TOO_OLD',
  );
}

async function missing(db: Kysely<SqlSchema>): Promise<SqlMigration[]> {
  const applied = await db.selectFrom('mq_migrations').select('version').execute();
  const versions = new Set(applied.map((row) => row.version));
  return SQL_MIGRATIONS.filter((migration) => !versions.has(migration.version));
}
