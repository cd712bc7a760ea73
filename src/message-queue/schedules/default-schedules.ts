import { CleanupType } from '../queues/cleanup/cleanup-job.dto.js';
import { QueueName } from '../queues/queue-name.js';
import type { DeclaredSchedule } from './schedule-declaration.js';

/** When the built-in clean-ups run, as the configuration says. */
export interface CleanupSettings {
  /** False: none of them. */
  readonly schedules: boolean;
  /** IANA time zone of the cron expressions. Default: the worker's. */
  readonly timeZone?: string;
  /** `off`, or a cron expression; so are the others. */
  readonly oldMessagesCron: string;
  readonly oldMessagesDays: number;
  readonly deletedConversationsCron: string;
  readonly deletedConversationsDays: number;
  readonly expiredAttachmentsCron: string;
  readonly oldRecordsCron: string;
  readonly inboxDays: number;
  readonly ledgerDays: number;
  readonly batchProgressDays: number;
}

/** In place of a cron expression: turns the clean-up off. */
const CRON_OFF = 'off';

/** The clean-ups that run unless the configuration says otherwise. */
export function defaultSchedules(settings: CleanupSettings): DeclaredSchedule[] {
  if (!settings.schedules) return [];
  return [
    ...cleanup(CleanupType.OLD_MESSAGES, settings.oldMessagesCron, settings.timeZone, {
      retentionDays: settings.oldMessagesDays,
    }),
    ...cleanup(CleanupType.DELETED_CONVERSATIONS, settings.deletedConversationsCron, settings.timeZone, {
      retentionDays: settings.deletedConversationsDays,
    }),
    ...cleanup(CleanupType.EXPIRED_ATTACHMENTS, settings.expiredAttachmentsCron, settings.timeZone, {}),
    ...cleanup(CleanupType.OLD_INBOX_ENTRIES, settings.oldRecordsCron, settings.timeZone, {
      retentionDays: settings.inboxDays,
    }),
    ...cleanup(CleanupType.OLD_LEDGER_ENTRIES, settings.oldRecordsCron, settings.timeZone, {
      retentionDays: settings.ledgerDays,
    }),
    ...cleanup(CleanupType.OLD_BATCH_PROGRESS, settings.oldRecordsCron, settings.timeZone, {
      retentionDays: settings.batchProgressDays,
    }),
  ];
}

function cleanup(
  cleanupType: CleanupType,
  cron: string,
  tz: string | undefined,
  retention: { readonly retentionDays?: number },
): DeclaredSchedule[] {
  if (cron === CRON_OFF) return [];
  return [
    {
      queue: QueueName.MESSAGE_CLEANUP,
      job: 'cleanup-messages',
      key: cleanupType,
      payload: { cleanupType, ...retention },
      repeat: tz === undefined ? { cron } : { cron, tz },
    },
  ];
}
