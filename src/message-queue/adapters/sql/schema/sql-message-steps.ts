import { idType } from './sql-dialect-name.js';
import type { SqlDialectName } from './sql-dialect-name.js';

/** When a message was received, who began a batch with what, and one owner per push token. Of a token that several people had registered nobody knows who is the last: their apps register again. */
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
    ...[`job_id ${idType(dialect)}`, 'job_added_at BIGINT', 'fingerprint TEXT'].map(
      (column) => `ALTER TABLE mq_batch_progress ADD COLUMN ${column}`,
    ),
    'ALTER TABLE mq_attachments ADD COLUMN removing SMALLINT NOT NULL DEFAULT 0',
    'ALTER TABLE mq_messages ADD COLUMN received_at BIGINT',
    'CREATE INDEX mq_messages_received ON mq_messages (COALESCE(received_at, created_at), message_id)',
  ];
}

/** Destinations that get nothing more, and what services reported of what went out. */
export function suppressions(dialect: SqlDialectName): string[] {
  const id = idType(dialect);
  return [
    `CREATE TABLE mq_suppressions (
      channel TEXT NOT NULL, destination_hash ${id} NOT NULL, destination TEXT NOT NULL, recipient_id ${id},
      reason TEXT NOT NULL, detail TEXT, at BIGINT NOT NULL, lifted_at BIGINT, PRIMARY KEY (channel, destination_hash))`,
    'CREATE INDEX mq_suppressions_age ON mq_suppressions (at, destination_hash) WHERE lifted_at IS NULL',
    `CREATE INDEX mq_suppressions_recipient
      ON mq_suppressions (recipient_id, channel, destination_hash) WHERE recipient_id IS NOT NULL`,
    'ALTER TABLE mq_notification_ledger ADD COLUMN report_outcome TEXT',
    'ALTER TABLE mq_notification_ledger ADD COLUMN report_detail TEXT',
    'ALTER TABLE mq_notification_ledger ADD COLUMN reported_at BIGINT',
    'CREATE INDEX mq_notification_ledger_provider ON mq_notification_ledger (provider_id) WHERE provider_id IS NOT NULL',
  ];
}

/** In which conversation a notification was, so that its deletion finds it, and by what age the rows are found that have a retention. */
export function deletionAndRetention(dialect: SqlDialectName): string[] {
  const id = idType(dialect);
  return [
    'ALTER TABLE mq_encrypted_contents ADD COLUMN written_at BIGINT',
    'ALTER TABLE mq_decrypted_contents ADD COLUMN written_at BIGINT',
    `ALTER TABLE mq_notification_inbox ADD COLUMN conversation_id ${id}`,
    `CREATE INDEX mq_notification_inbox_conversation ON mq_notification_inbox (conversation_id, created_at, notification_id)
      WHERE conversation_id IS NOT NULL`,
    'CREATE INDEX mq_notification_inbox_age ON mq_notification_inbox (created_at, notification_id)',
    `ALTER TABLE mq_notification_ledger ADD COLUMN message_id ${id}`,
    `ALTER TABLE mq_notification_ledger ADD COLUMN conversation_id ${id}`,
    'CREATE INDEX mq_notification_ledger_message ON mq_notification_ledger (message_id) WHERE message_id IS NOT NULL',
    `CREATE INDEX mq_notification_ledger_conversation ON mq_notification_ledger (conversation_id, notification_id, target)
      WHERE conversation_id IS NOT NULL`,
    'CREATE INDEX mq_notification_ledger_age ON mq_notification_ledger (at, notification_id, target)',
    // Nobody knows how old the rows are that are there: their time begins now.
    `ALTER TABLE mq_batch_progress ADD COLUMN saved_at BIGINT NOT NULL DEFAULT ${Date.now()}`,
    'CREATE INDEX mq_batch_progress_age ON mq_batch_progress (saved_at, batch_id, segment)',
  ];
}

/** Documents in the order of what folded them, so that those of an older folding are found. */
export function searchFolding(dialect: SqlDialectName): string[] {
  const mark = dialect === 'postgres' ? `(right(terms, 4) COLLATE "C")` : 'substr(terms, -4)';
  return [
    `CREATE INDEX mq_search_documents_folding ON mq_search_documents (${mark}, message_id) WHERE removed = 0`,
  ];
}

/** What people's devices have to learn, and how far each of them is. */
export function deviceDeliveries(dialect: SqlDialectName): string[] {
  const id = idType(dialect);
  return [
    `CREATE TABLE mq_device_feeds (person_id ${id} PRIMARY KEY, last_position BIGINT NOT NULL)`,
    `CREATE TABLE mq_device_entries (
      person_id ${id} NOT NULL, position BIGINT NOT NULL, kind TEXT NOT NULL, message_id ${id} NOT NULL,
      conversation_id ${id} NOT NULL, at BIGINT NOT NULL,
      stored_id ${id} REFERENCES mq_messages (message_id) ON DELETE CASCADE,
      PRIMARY KEY (person_id, position), UNIQUE (person_id, message_id, kind))`,
    'CREATE INDEX mq_device_entries_stored ON mq_device_entries (stored_id) WHERE stored_id IS NOT NULL',
    'CREATE INDEX mq_device_entries_conversation ON mq_device_entries (conversation_id, person_id, position)',
    `CREATE TABLE mq_devices (
      person_id ${id} NOT NULL, device_id ${id} NOT NULL, position BIGINT NOT NULL, seen_at BIGINT NOT NULL,
      PRIMARY KEY (person_id, device_id))`,
    'CREATE INDEX mq_devices_seen ON mq_devices (seen_at, person_id, device_id)',
    `CREATE TABLE mq_device_receipts (
      message_id ${id} NOT NULL REFERENCES mq_messages (message_id) ON DELETE CASCADE,
      person_id ${id} NOT NULL, device_id ${id} NOT NULL, delivered_at BIGINT, read_at BIGINT,
      PRIMARY KEY (message_id, person_id, device_id),
      FOREIGN KEY (person_id, device_id) REFERENCES mq_devices (person_id, device_id) ON DELETE CASCADE)`,
    'CREATE INDEX mq_device_receipts_device ON mq_device_receipts (person_id, device_id, message_id)',
  ];
}
