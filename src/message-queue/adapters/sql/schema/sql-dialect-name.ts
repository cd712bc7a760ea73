/** Which database the stores are in. */
export type SqlDialectName = 'sqlite' | 'postgres';

/** PostgreSQL compares ids byte by byte, as SQLite does: pages have the same order in both, and indexes serve any locale. */
export function idType(dialect: SqlDialectName): string {
  return dialect === 'postgres' ? 'TEXT COLLATE "C"' : 'TEXT';
}
