import { flag, timeZone, wholeNumber } from '../../kernel/values/kinds.js';
import { setting } from '../../kernel/values/setting.js';
import { cronOrOff } from './setting-kinds.js';

/** When the built-in clean-ups run, and what they keep. */
export const CLEANUP_SETTINGS = {
  /** Whether the clean-ups below run by themselves, in processes that work on queues. Off in tests unless requested. */
  schedules: setting(flag(), {
    variable: 'MESSAGE_QUEUE_CLEANUP_SCHEDULES',
    otherwise: '`true`; `false` when `environment` is `test`',
  }),
  /** Time zone of the clean-up schedules. */
  timeZone: setting(timeZone(), {
    variable: 'MESSAGE_QUEUE_CLEANUP_TIME_ZONE',
    otherwise: "the worker's",
  }),
  /** When messages past their retention are removed. */
  oldMessagesCron: setting(cronOrOff, {
    variable: 'MESSAGE_QUEUE_CLEANUP_OLD_MESSAGES_CRON',
    default: '0 2 * * *',
  }),
  /** How long messages are kept. */
  oldMessagesDays: setting(wholeNumber(1, 36_500, 'days'), {
    variable: 'MESSAGE_QUEUE_CLEANUP_OLD_MESSAGES_DAYS',
    default: 90,
  }),
  /** When the messages of deleted conversations are removed. */
  deletedConversationsCron: setting(cronOrOff, {
    variable: 'MESSAGE_QUEUE_CLEANUP_DELETED_CONVERSATIONS_CRON',
    default: '30 2 * * *',
  }),
  /** How long messages are kept after their conversation is deleted. */
  deletedConversationsDays: setting(wholeNumber(1, 36_500, 'days'), {
    variable: 'MESSAGE_QUEUE_CLEANUP_DELETED_CONVERSATIONS_DAYS',
    default: 30,
  }),
  /** When the files and rows of expired attachments are removed. */
  expiredAttachmentsCron: setting(cronOrOff, {
    variable: 'MESSAGE_QUEUE_CLEANUP_EXPIRED_ATTACHMENTS_CRON',
    default: '0 3 * * *',
  }),
  /** When old in-app notifications, lines of the notification ledger and progress of batches are removed. */
  oldRecordsCron: setting(cronOrOff, {
    variable: 'MESSAGE_QUEUE_CLEANUP_OLD_RECORDS_CRON',
    default: '30 3 * * *',
  }),
  /** How long in-app notifications are kept, read or not. */
  inboxDays: setting(wholeNumber(1, 36_500, 'days'), {
    variable: 'MESSAGE_QUEUE_CLEANUP_INBOX_DAYS',
    default: 90,
  }),
  /** How long it is known what became of a notification. A job that is replayed later notifies again. */
  ledgerDays: setting(wholeNumber(1, 36_500, 'days'), {
    variable: 'MESSAGE_QUEUE_CLEANUP_LEDGER_DAYS',
    default: 30,
  }),
  /** How long the progress of a batch is kept after its last step. */
  batchProgressDays: setting(wholeNumber(1, 36_500, 'days'), {
    variable: 'MESSAGE_QUEUE_CLEANUP_BATCH_PROGRESS_DAYS',
    default: 30,
  }),
};
