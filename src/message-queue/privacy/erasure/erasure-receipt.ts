import type { AuditTarget } from '../../ports/privacy/audit-trail.js';
import type {
  ErasedRecords,
  ErasureRecord,
  ErasureState,
  HeldRecords,
} from '../../ports/privacy/tombstone.js';

/** What an erasure found, removed and left, and what a legal hold kept. */
export interface ErasureReceipt {
  readonly id: string;
  /** A keyed hash of what was erased: the receipt may outlive it. */
  readonly target: AuditTarget;
  readonly by: string;
  readonly reason: string | null;
  /** When it began. */
  readonly at: Date;
  /** Whether it only counted. */
  readonly dryRun: boolean;
  /** `done`: every holder was counted again, and has nothing left. `held`: all that is left is under legal hold; it goes on when that ends. */
  readonly state: ErasureState;
  readonly holders: readonly ErasedRecords[];
  readonly held: readonly HeldRecords[];
  readonly keysDestroyed: number;
  /**
   * When the last backup of the data key store that still has the destroyed keys is gone, milliseconds since the epoch; null where none
   * was destroyed, or `privacy.keyBackupDays` does not say how long backups are kept.
   */
  readonly unreadableAfter: number | null;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The receipt of an erasure. */
export function erasureReceipt(record: ErasureRecord, keyBackupDays: number | undefined): ErasureReceipt {
  const { receiptId: id, kind, hash, by, reason, at, state, holders, held, keysDestroyed } = record;
  const { keysDestroyedAt } = record;
  const isCounted = keyBackupDays !== undefined && keysDestroyedAt !== null;
  return {
    ...{ id, target: { kind, hash }, by, reason, at, dryRun: false, state, holders, held, keysDestroyed },
    unreadableAfter: isCounted ? keysDestroyedAt.getTime() + keyBackupDays * DAY_MS : null,
  };
}
