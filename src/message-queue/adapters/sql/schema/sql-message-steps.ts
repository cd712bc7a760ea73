import type { SqlDialectName } from './sql-dialect-name.js';

export function idsAndDeviceTokens(_dialect: SqlDialectName): string[] {
  return [];
}

export function suppressions(_dialect: SqlDialectName): string[] {
  return [];
}

export function deletionAndRetention(_dialect: SqlDialectName): string[] {
  return [];
}

export function searchFolding(_dialect: SqlDialectName): string[] {
  return [];
}

export function deviceDeliveries(_dialect: SqlDialectName): string[] {
  return [];
}
