import type { AuditAction, AuditPhase } from '../../../ports/privacy/audit-trail.js';
import type { ErasedKind, ErasureState } from '../../../ports/privacy/tombstone.js';

/** Times are milliseconds since the epoch. */
type Milliseconds = number;

/** Wrapped data keys. */
export interface DataKeyTable {
  key_id: string;
  scope_hash: string;
  generation: number;
  /** An `mq1` envelope; null once the key was destroyed. */
  wrapped: string | null;
  ring_key_id: string;
  created_at: Milliseconds;
  destroyed_at: Milliseconds | null;
}

/** What was erased. */
export interface TombstoneTable {
  hash: string;
  kind: ErasedKind;
  at: Milliseconds;
  receipt_id: string;
}

/** Erasures, and how far they are. */
export interface ErasureTable {
  receipt_id: string;
  hash: string;
  kind: ErasedKind;
  /** Null once it is done. */
  target_id: string | null;
  by: string;
  reason: string | null;
  at: Milliseconds;
  state: ErasureState;
  /** ErasedRecords[] as JSON. */
  holders: string;
  /** HeldRecords[] as JSON. */
  held: string;
  keys_destroyed: number;
  keys_destroyed_at: number | null;
  /** RecallFigures as JSON. */
  recall: string | null;
}

/** The audit. */
export interface AuditTable {
  seq: number;
  at: Milliseconds;
  actor: string;
  action: AuditAction;
  phase: AuditPhase;
  target_kind: string;
  target_hash: string;
  queue: string | null;
  job_id: string | null;
  count: number | null;
  reason: string | null;
  key_id: string;
  previous: string;
  mac: string;
}

/** The end of the audit. */
export interface AuditHeadTable {
  /** Always 1: there is one row. */
  id: number;
  seq: number;
  mac: string;
  seal: string;
}

/** Who has to be told of a recall. */
export interface RecallNoticeTable {
  message_id: string;
  recipient_id: string;
  conversation_id: string;
  recalled_at: Milliseconds;
}
