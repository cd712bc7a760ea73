import type { SqlDatabase } from '../../src/message-queue/adapters/sql/index.js';

/** Where one of these texts stands in our tables, as `table.column`, in order: in every column of every table that the catalog names. */
export async function findInTables(database: SqlDatabase, texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const { table, column } of await columnsOf(database)) {
    if (await holdsOne(database, table, column, texts)) found.push(`${table}.${column}`);
  }
  return found.sort();
}

/** Our tables, as the catalog names them; in SQLite those too in which FTS5 keeps its index. */
export async function tablesOf(database: SqlDatabase): Promise<string[]> {
  return [...new Set((await columnsOf(database)).map(({ table }) => table))].sort();
}

async function columnsOf(database: SqlDatabase): Promise<{ table: string; column: string }[]> {
  const { sql } = database;
  const query =
    database.dialect === 'postgres'
      ? sql<{ table: string; column: string }>`SELECT table_name AS "table", column_name AS "column"
          FROM information_schema.columns WHERE table_schema = current_schema()`
      : sql<{ table: string; column: string }>`SELECT tables.name AS "table", columns.name AS "column"
          FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
          WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`;
  return (await database.run('read the catalog', undefined, (db) => query.execute(db))).rows;
}

async function holdsOne(
  database: SqlDatabase,
  table: string,
  column: string,
  texts: readonly string[],
): Promise<boolean> {
  const { sql, dialect } = database;
  const value = sql.ref(`${table}.${column}`);
  const holds = texts.map((text) =>
    dialect === 'postgres'
      ? sql`strpos(${value}::text, ${text}) > 0`
      : sql`instr(CAST(${value} AS BLOB), CAST(${text} AS BLOB)) > 0`,
  );
  const { rows } = await database.run('look for markers', undefined, (db) =>
    sql`SELECT 1 FROM ${sql.table(table)} WHERE ${sql.join(holds, sql` OR `)} LIMIT 1`.execute(db),
  );
  return rows.length > 0;
}
