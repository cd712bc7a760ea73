import type { Generated } from 'kysely';
import type { DeliveryStatus } from '../../../ports/messages/delivery-status.js';
import type { DevicePlatform } from '../../../ports/notifications/device-token-store.js';
import type { EncryptionAlgorithm } from '../../../ports/encryption/encryption-algorithm.js';
import type {
  NotificationOutcome,
  NotificationReport,
} from '../../../ports/notifications/notification-ledger.js';
import type { NotificationType } from '../../../ports/notifications/notification-type.js';
import type { SuppressionChannel, SuppressionReason } from '../../../ports/suppressions/suppression.js';
import type {
  DeviceEntryTable,
  DeviceFeedTable,
  DeviceReceiptTable,
  DeviceTable,
} from './sql-device-schema.js';
import type {
  AuditHeadTable,
  AuditTable,
  DataKeyTable,
  ErasureTable,
  RecallNoticeTable,
  TombstoneTable,
} from './sql-privacy-schema.js';

/** Times are milliseconds since the epoch. */
type Milliseconds = number;
/** Neither a boolean of PostgreSQL nor one of SQLite: 0 or 1 reads the same in both. */
type Flag = number;

interface MessageTable {
  message_id: string;
  sender_id: string;
  conversation_id: string;
  content: string;
  encrypted: Flag;
  /** AttachmentReference[] as JSON. */
  attachments: string;
  batch_id: string | null;
  created_at: Milliseconds;
  /** When the server received it; null in rows that an older release wrote. */
  received_at: Milliseconds | null;
  /** 1: a clean-up is removing it; nobody sees it any more. */
  claimed: Generated<Flag>;
  /** 1: it was recalled; nobody sees it any more. */
  recalled: Generated<Flag>;
}

interface MessageRecipientTable {
  message_id: string;
  recipient_id: string;
  batch_id: string | null;
  /** The message's, so that one index orders what waits for a recipient. */
  created_at: Milliseconds;
  status: DeliveryStatus;
  status_at: Milliseconds;
  sent_at: Milliseconds | null;
  delivered_at: Milliseconds | null;
  read_at: Milliseconds | null;
  failed_at: Milliseconds | null;
  failure_reason: string | null;
  /** Random id of the change that set `status`: tells the writer, in the same statement, whether it was its own. */
  advanced_by: string | null;
}

interface ConversationTable {
  conversation_id: string;
  deleted_at: Milliseconds | null;
  legal_hold: Flag;
}

interface ConversationMemberTable {
  conversation_id: string;
  member_id: string;
}

interface AttachmentTable {
  id: string;
  message_id: string;
  /** Known at the latest when the message is removed, so that a later legal hold still protects the file. */
  conversation_id: string | null;
  file_key: string;
  expires_at: Milliseconds | null;
  legal_hold: Flag;
  /** 1: its file is being removed. */
  removing: Generated<Flag>;
}

interface EncryptedContentTable {
  message_id: string;
  /** Null where the job did not say. */
  conversation_id: string | null;
  envelope: string;
  key_id: string;
  algorithm: EncryptionAlgorithm;
  /** Compared only: an edit's is above all times. */
  version: number;
  /** When the message was written; null in rows that an older release wrote. */
  written_at: Milliseconds | null;
}

interface DecryptedContentTable {
  message_id: string;
  conversation_id: string | null;
  content: string;
  /** Compared only: an edit's is above all times. */
  version: number;
  /** When the message was written; null in rows that an older release wrote. */
  written_at: Milliseconds | null;
}

interface DeviceTokenTable {
  device_id: string;
  recipient_id: string;
  platform: DevicePlatform;
  token: string;
  /** What makes two tokens of a platform the same; null in rows that an older release wrote. */
  token_key: string | null;
  registered_at: Milliseconds;
}

interface NotificationInboxTable {
  notification_id: string;
  recipient_id: string;
  title: string;
  body: string;
  message_id: string | null;
  /** Null where the job did not say. */
  conversation_id: string | null;
  created_at: Milliseconds;
  read_at: Milliseconds | null;
}

interface NotificationLedgerTable {
  notification_id: string;
  target: string;
  recipient_id: string;
  type: NotificationType;
  outcome: NotificationOutcome;
  reason: string | null;
  provider_id: string | null;
  at: Milliseconds;
  report_outcome: Generated<NotificationReport['outcome'] | null>;
  report_detail: Generated<string | null>;
  reported_at: Generated<Milliseconds | null>;
  message_id: string | null;
  conversation_id: string | null;
}

interface SuppressionTable {
  channel: SuppressionChannel;
  /** SHA-256 of the destination. */
  destination_hash: string;
  /** Empty once it was lifted. */
  destination: string;
  recipient_id: string | null;
  reason: SuppressionReason;
  detail: string | null;
  at: Milliseconds;
  /** When it was lifted last; null while it is suppressed. */
  lifted_at: Milliseconds | null;
}

interface NotificationPreferencesTable {
  recipient_id: string;
  /** NotificationType[] as JSON. */
  opted_out: string;
  /** QuietHours as JSON. */
  quiet_hours: string | null;
}

interface RecipientContactTable {
  recipient_id: string;
  email: string | null;
  phone: string | null;
}

interface BatchProgressTable {
  batch_id: string;
  segment: number;
  chunks_done: number;
  total_chunks: number;
  recipients: number;
  sent: number;
  failed: number;
  skipped: number;
  /** Null, as the next two, in rows that an older release wrote. */
  job_id: string | null;
  job_added_at: Milliseconds | null;
  fingerprint: string | null;
  /** Generated for an older release, which knows no such time. */
  saved_at: Generated<Milliseconds>;
}

interface SearchDocumentTable {
  message_id: string;
  conversation_id: string;
  sender_id: string;
  content: string;
  /** The words of the content, folded, each once, separated by blanks: what the full-text index holds. */
  terms: string;
  created_at: Milliseconds;
  version: Milliseconds;
  /** 1: a tombstone. */
  removed: Flag;
  removed_at: Milliseconds | null;
}

interface MigrationTable {
  version: number;
  name: string;
  applied_at: Milliseconds;
}

/** The tables of the SQL stores, as Kysely types them. The same in SQLite and PostgreSQL. */
export interface SqlSchema {
  mq_messages: MessageTable;
  mq_message_recipients: MessageRecipientTable;
  mq_conversations: ConversationTable;
  mq_conversation_members: ConversationMemberTable;
  mq_attachments: AttachmentTable;
  mq_encrypted_contents: EncryptedContentTable;
  mq_decrypted_contents: DecryptedContentTable;
  mq_device_tokens: DeviceTokenTable;
  mq_device_feeds: DeviceFeedTable;
  mq_device_entries: DeviceEntryTable;
  mq_devices: DeviceTable;
  mq_device_receipts: DeviceReceiptTable;
  mq_notification_inbox: NotificationInboxTable;
  mq_notification_ledger: NotificationLedgerTable;
  mq_notification_preferences: NotificationPreferencesTable;
  mq_recipient_contacts: RecipientContactTable;
  mq_batch_progress: BatchProgressTable;
  mq_search_documents: SearchDocumentTable;
  mq_suppressions: SuppressionTable;
  mq_data_keys: DataKeyTable;
  mq_tombstones: TombstoneTable;
  mq_recall_notices: RecallNoticeTable;
  mq_erasures: ErasureTable;
  mq_audit: AuditTable;
  mq_audit_head: AuditHeadTable;
  mq_migrations: MigrationTable;
}
