import {
  deletionAndRetention,
  deviceDeliveries,
  idsAndDeviceTokens,
  searchFolding,
  suppressions,
} from './sql-message-steps.js';
import { idType } from './sql-dialect-name.js';
import type { SqlDialectName } from './sql-dialect-name.js';

/** One step of the schema. Steps are only ever added, and only add: an older release runs on a newer schema. */
export interface SqlMigration {
  readonly version: number;
  readonly name: string;
  /** The statements, in order. */
  statements(dialect: SqlDialectName): readonly string[];
}

/** Every step from an empty database to today's, in order. */
export const SQL_MIGRATIONS: readonly SqlMigration[] = [
  { version: 1, name: 'messages', statements: messages },
  { version: 2, name: 'notifications', statements: notifications },
  { version: 3, name: 'full-text search', statements: search },
  { version: 4, name: 'conversation members', statements: conversationMembers },
  { version: 5, name: 'privacy', statements: privacy },
  { version: 6, name: 'erasure', statements: erasure },
  { version: 7, name: 'ids and device tokens', statements: idsAndDeviceTokens },
  { version: 8, name: 'suppressions', statements: suppressions },
  { version: 9, name: 'deletion and retention', statements: deletionAndRetention },
  { version: 10, name: 'search folding', statements: searchFolding },
  { version: 11, name: 'deliveries by device', statements: deviceDeliveries },
];

function messages(dialect: SqlDialectName): string[] {
  const id = idType(dialect);
  return [
    `CREATE TABLE mq_messages (
      message_id ${id} PRIMARY KEY, sender_id ${id} NOT NULL, conversation_id ${id} NOT NULL, content TEXT NOT NULL,
      encrypted SMALLINT NOT NULL, attachments TEXT NOT NULL, batch_id ${id}, created_at BIGINT NOT NULL,
      claimed SMALLINT NOT NULL DEFAULT 0)`,
    'CREATE INDEX mq_messages_claimed ON mq_messages (created_at, message_id) WHERE claimed = 1',
    'CREATE INDEX mq_messages_conversation ON mq_messages (conversation_id, created_at, message_id)',
    'CREATE INDEX mq_messages_age ON mq_messages (created_at, message_id)',
    `CREATE TABLE mq_message_recipients (
      message_id ${id} NOT NULL REFERENCES mq_messages (message_id) ON DELETE CASCADE, recipient_id ${id} NOT NULL,
      batch_id ${id}, created_at BIGINT NOT NULL,
      status TEXT NOT NULL, status_at BIGINT NOT NULL, sent_at BIGINT, delivered_at BIGINT, read_at BIGINT,
      failed_at BIGINT, failure_reason TEXT, advanced_by TEXT, PRIMARY KEY (message_id, recipient_id))`,
    `CREATE INDEX mq_message_recipients_pending ON mq_message_recipients (recipient_id, created_at, message_id)
      WHERE status = 'pending'`,
    `CREATE INDEX mq_message_recipients_batch ON mq_message_recipients (batch_id, status) WHERE batch_id IS NOT NULL`,
    `CREATE TABLE mq_conversations (
      conversation_id ${id} PRIMARY KEY, deleted_at BIGINT, legal_hold SMALLINT NOT NULL)`,
    'CREATE INDEX mq_conversations_deleted ON mq_conversations (deleted_at) WHERE deleted_at IS NOT NULL',
    `CREATE TABLE mq_attachments (
      id ${id} PRIMARY KEY, message_id ${id} NOT NULL, conversation_id ${id}, file_key TEXT NOT NULL,
      expires_at BIGINT, legal_hold SMALLINT NOT NULL)`,
    'CREATE INDEX mq_attachments_message ON mq_attachments (message_id)',
    'CREATE INDEX mq_attachments_expiry ON mq_attachments (expires_at, id) WHERE expires_at IS NOT NULL',
    `CREATE TABLE mq_encrypted_contents (
      message_id ${id} PRIMARY KEY, envelope TEXT NOT NULL, key_id TEXT NOT NULL, algorithm TEXT NOT NULL,
      version BIGINT NOT NULL)`,
    `CREATE TABLE mq_decrypted_contents (
      message_id ${id} PRIMARY KEY, content TEXT NOT NULL, version BIGINT NOT NULL)`,
    `CREATE TABLE mq_batch_progress (
      batch_id ${id} NOT NULL, segment BIGINT NOT NULL, chunks_done BIGINT NOT NULL, total_chunks BIGINT NOT NULL,
      recipients BIGINT NOT NULL, sent BIGINT NOT NULL, failed BIGINT NOT NULL, skipped BIGINT NOT NULL,
      PRIMARY KEY (batch_id, segment))`,
  ];
}

function notifications(dialect: SqlDialectName): string[] {
  const id = idType(dialect);
  return [
    `CREATE TABLE mq_device_tokens (
      device_id ${id} PRIMARY KEY, recipient_id ${id} NOT NULL, platform TEXT NOT NULL, token TEXT NOT NULL)`,
    'CREATE INDEX mq_device_tokens_recipient ON mq_device_tokens (recipient_id, device_id)',
    `CREATE TABLE mq_notification_inbox (
      notification_id ${id} PRIMARY KEY, recipient_id ${id} NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,
      message_id ${id}, created_at BIGINT NOT NULL, read_at BIGINT)`,
    `CREATE INDEX mq_notification_inbox_recipient
      ON mq_notification_inbox (recipient_id, created_at, notification_id)`,
    `CREATE TABLE mq_notification_ledger (
      notification_id ${id} NOT NULL, target ${id} NOT NULL, recipient_id ${id} NOT NULL, type TEXT NOT NULL,
      outcome TEXT NOT NULL, reason TEXT, provider_id TEXT, at BIGINT NOT NULL, PRIMARY KEY (notification_id, target))`,
    `CREATE TABLE mq_notification_preferences (
      recipient_id ${id} PRIMARY KEY, opted_out TEXT NOT NULL, quiet_hours TEXT)`,
    `CREATE TABLE mq_recipient_contacts (recipient_id ${id} PRIMARY KEY, email TEXT, phone TEXT)`,
  ];
}

function search(dialect: SqlDialectName): string[] {
  const id = idType(dialect);
  // The texts come last: what a search sorts by is read without them.
  const columns = `message_id ${id} NOT NULL UNIQUE, conversation_id ${id} NOT NULL, sender_id ${id} NOT NULL,
    created_at BIGINT NOT NULL, version BIGINT NOT NULL, removed SMALLINT NOT NULL, removed_at BIGINT,
    content TEXT NOT NULL, terms TEXT NOT NULL`;
  const order = [
    'CREATE INDEX mq_search_documents_order ON mq_search_documents (created_at, message_id)',
    'CREATE INDEX mq_search_documents_conversation ON mq_search_documents (conversation_id, created_at, message_id)',
  ];
  if (dialect === 'postgres') {
    return [
      `CREATE TABLE mq_search_documents (${columns},
        words TSVECTOR GENERATED ALWAYS AS (array_to_tsvector(string_to_array(terms, ' '))) STORED)`,
      'CREATE INDEX mq_search_documents_words ON mq_search_documents USING GIN (words)',
      ...order,
    ];
  }
  return [`CREATE TABLE mq_search_documents (id INTEGER PRIMARY KEY, ${columns})`, ...order, ...fts5()];
}

/** Terms come folded and separated, so the plainest tokenizer is the exact one; triggers keep index and table one write. */
function fts5(): string[] {
  const remove = `INSERT INTO mq_search_words (mq_search_words, rowid, terms) VALUES ('delete', old.id, old.terms);`;
  const add = 'INSERT INTO mq_search_words (rowid, terms) VALUES (new.id, new.terms);';
  return [
    `CREATE VIRTUAL TABLE mq_search_words USING fts5 (terms, content = 'mq_search_documents', content_rowid = 'id',
      tokenize = 'ascii', detail = none, columnsize = 0)`,
    `CREATE TRIGGER mq_search_documents_added AFTER INSERT ON mq_search_documents BEGIN ${add} END`,
    `CREATE TRIGGER mq_search_documents_changed AFTER UPDATE OF terms ON mq_search_documents BEGIN ${remove} ${add} END`,
    `CREATE TRIGGER mq_search_documents_gone AFTER DELETE ON mq_search_documents BEGIN ${remove} END`,
  ];
}

function conversationMembers(dialect: SqlDialectName): string[] {
  const id = idType(dialect);
  return [
    `CREATE TABLE mq_conversation_members (
      conversation_id ${id} NOT NULL, member_id ${id} NOT NULL, PRIMARY KEY (conversation_id, member_id))`,
    // Everything of one person, for who erases it.
    'CREATE INDEX mq_conversation_members_member ON mq_conversation_members (member_id, conversation_id)',
  ];
}

function privacy(dialect: SqlDialectName): string[] {
  const id = idType(dialect);
  return [
    `CREATE TABLE mq_data_keys (
      key_id ${id} PRIMARY KEY, scope_hash ${id} NOT NULL, generation BIGINT NOT NULL, wrapped TEXT,
      ring_key_id ${id} NOT NULL, created_at BIGINT NOT NULL, destroyed_at BIGINT, UNIQUE (scope_hash, generation))`,
    'CREATE INDEX mq_data_keys_ring ON mq_data_keys (ring_key_id, key_id) WHERE wrapped IS NOT NULL',
    `CREATE TABLE mq_tombstones (
      hash ${id} PRIMARY KEY, kind TEXT NOT NULL, at BIGINT NOT NULL, receipt_id ${id} NOT NULL)`,
    'CREATE INDEX mq_tombstones_age ON mq_tombstones (at, hash)',
    `CREATE TABLE mq_audit (
      seq BIGINT PRIMARY KEY, at BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, phase TEXT NOT NULL,
      target_kind TEXT NOT NULL, target_hash ${id} NOT NULL, queue TEXT, job_id TEXT, count BIGINT, reason TEXT,
      key_id ${id} NOT NULL, previous TEXT NOT NULL, mac TEXT NOT NULL)`,
    'CREATE INDEX mq_audit_action ON mq_audit (action, seq)',
    `CREATE TABLE mq_audit_head (
      id SMALLINT PRIMARY KEY CHECK (id = 1), seq BIGINT NOT NULL, mac TEXT NOT NULL, seal TEXT NOT NULL)`,
  ];
}

/** What erasures keep, and an index for each way in which the traces of a message, a conversation or a person are found. */
function erasure(dialect: SqlDialectName): string[] {
  const id = idType(dialect);
  return [
    `CREATE TABLE mq_erasures (
      receipt_id ${id} PRIMARY KEY, hash ${id} NOT NULL UNIQUE, kind TEXT NOT NULL, target_id ${id}, "by" TEXT NOT NULL,
      reason TEXT, at BIGINT NOT NULL, state TEXT NOT NULL, holders TEXT NOT NULL, held TEXT NOT NULL,
      keys_destroyed BIGINT NOT NULL, keys_destroyed_at BIGINT, recall TEXT)`,
    'CREATE INDEX mq_erasures_state ON mq_erasures (state, at, receipt_id)',
    'ALTER TABLE mq_messages ADD COLUMN recalled SMALLINT NOT NULL DEFAULT 0',
    `CREATE TABLE mq_recall_notices (
      message_id ${id} NOT NULL, recipient_id ${id} NOT NULL, conversation_id ${id} NOT NULL, recalled_at BIGINT NOT NULL,
      PRIMARY KEY (message_id, recipient_id))`,
    'CREATE INDEX mq_recall_notices_recipient ON mq_recall_notices (recipient_id, recalled_at, message_id)',
    'CREATE INDEX mq_recall_notices_conversation ON mq_recall_notices (conversation_id, message_id, recipient_id)',
    'CREATE INDEX mq_recall_notices_age ON mq_recall_notices (recalled_at)',
    'CREATE INDEX mq_messages_sender ON mq_messages (sender_id, created_at, message_id)',
    'CREATE INDEX mq_messages_batch ON mq_messages (batch_id, message_id) WHERE batch_id IS NOT NULL',
    'CREATE INDEX mq_message_recipients_recipient ON mq_message_recipients (recipient_id, message_id)',
    'CREATE INDEX mq_conversations_held ON mq_conversations (conversation_id) WHERE legal_hold = 1',
    'CREATE INDEX mq_attachments_conversation ON mq_attachments (conversation_id) WHERE conversation_id IS NOT NULL',
    'CREATE INDEX mq_attachments_file ON mq_attachments (file_key)',
    ...['mq_encrypted_contents', 'mq_decrypted_contents'].flatMap((table) => [
      `ALTER TABLE ${table} ADD COLUMN conversation_id ${id}`,
      `CREATE INDEX ${table}_conversation ON ${table} (conversation_id, message_id) WHERE conversation_id IS NOT NULL`,
    ]),
    'CREATE INDEX mq_notification_inbox_message ON mq_notification_inbox (message_id) WHERE message_id IS NOT NULL',
    'CREATE INDEX mq_notification_ledger_recipient ON mq_notification_ledger (recipient_id, notification_id, target)',
    'CREATE INDEX mq_search_documents_sender ON mq_search_documents (sender_id, created_at, message_id) WHERE removed = 0',
  ];
}
