import { idType } from './sql-dialect-name.js';
import type { SqlDialectName } from './sql-dialect-name.js';

/** One owner per push token. Of a token that several people had registered nobody knows who is the last: their apps register again. */
export function idsAndDeviceTokens(dialect: SqlDialectName): string[] {
  const endpoint =
    dialect === 'postgres'
      ? `substring(token FROM '"endpoint"\\s*:\\s*"([^"]+)"')`
      : `CASE WHEN json_valid(token) THEN json_extract(token, '$.endpoint') END`;
  const same = 'other.platform = mq_device_tokens.platform AND other.token_key = mq_device_tokens.token_key';
  return [
    `ALTER TABLE mq_device_tokens ADD COLUMN token_key ${idType(dialect)}`,
    'ALTER TABLE mq_device_tokens ADD COLUMN registered_at BIGINT NOT NULL DEFAULT 0',
    `UPDATE mq_device_tokens SET token_key = CASE platform WHEN 'web' THEN COALESCE(${endpoint}, token)
      WHEN 'apns' THEN lower(token) ELSE token END`,
    // Longer than a token may be now, and than an index of PostgreSQL takes.
    'DELETE FROM mq_device_tokens WHERE length(token_key) > 2048',
    `DELETE FROM mq_device_tokens WHERE EXISTS (SELECT 1 FROM mq_device_tokens AS other
      WHERE ${same} AND other.recipient_id <> mq_device_tokens.recipient_id)`,
    `DELETE FROM mq_device_tokens WHERE EXISTS (SELECT 1 FROM mq_device_tokens AS other
      WHERE ${same} AND other.device_id > mq_device_tokens.device_id)`,
    'CREATE UNIQUE INDEX mq_device_tokens_token ON mq_device_tokens (platform, token_key)',
    'CREATE INDEX mq_device_tokens_latest ON mq_device_tokens (recipient_id, registered_at, device_id)',
  ];
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
