import { IsBoolean, IsIn, ValidateIf } from 'class-validator';
import { DateField, IntField, OptionalField } from '../payload-fields.js';
import { Readable } from '../../privacy/sealed-fields.decorators.js';

/** What a cleanup job removes. */
export const CleanupType = {
  OLD_MESSAGES: 'old_messages',
  DELETED_CONVERSATIONS: 'deleted_conversations',
  EXPIRED_ATTACHMENTS: 'expired_attachments',
  OLD_INBOX_ENTRIES: 'old_inbox_entries',
  OLD_LEDGER_ENTRIES: 'old_ledger_entries',
  OLD_BATCH_PROGRESS: 'old_batch_progress',
} as const;

/** One of {@link CleanupType}'s values. */
export type CleanupType = (typeof CleanupType)[keyof typeof CleanupType];

/** Whether a value is a cleanup type. */
export function isCleanupType(value: unknown): value is CleanupType {
  return Object.values<unknown>(CleanupType).includes(value);
}

/** Rows removed per step when the job does not say. */
export const DEFAULT_CLEANUP_BATCH_SIZE = 1_000;

/** Payload of `cleanup-messages`. What counts as old is decided when the job runs, not by `createdAt`. */
export class CleanupJobDto {
  @Readable()
  @IsIn(Object.values(CleanupType))
  cleanupType!: CleanupType;

  /**
   * Days to keep, 1 to 36 500. Required for `old_messages`. Default for `deleted_conversations` 30 (after their deletion), for
   * `expired_attachments` 0 (after their expiry), for `old_inbox_entries` 90, for `old_ledger_entries` and `old_batch_progress` 30.
   */
  @Readable()
  @ValidateIf((job: CleanupJobDto) => job.cleanupType === 'old_messages' || job.retentionDays !== undefined)
  @IntField(1, 36_500)
  retentionDays?: number;

  /** Rows removed per step, 1 to 10 000. Default 1 000. */
  @Readable()
  @OptionalField()
  @IntField(1, 10_000)
  batchSize?: number;

  /** Counts and removes nothing. Default false. */
  @Readable()
  @OptionalField()
  @IsBoolean()
  dryRun?: boolean;

  @Readable()
  @DateField()
  createdAt!: Date | string;
}
