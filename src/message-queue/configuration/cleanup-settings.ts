import { setting } from './setting.js';
import { cron, flag, timeZone, wholeNumber } from './setting-type.js';

/** When the built-in clean-ups run, and what they keep. */
export const CLEANUP_SETTINGS = {
  'cleanup.schedules': setting({
    section: 'Clean-up',
    variable: 'MESSAGE_QUEUE_CLEANUP_SCHEDULES',
    type: flag(),
    description:
      'Whether the clean-ups below run by themselves, in processes that work. Off in tests unless it is asked for.',
    default: null,
    otherwise: '`true`; `false` when `environment` is `test`',
  }),
  'cleanup.timeZone': setting({
    section: 'Clean-up',
    variable: 'MESSAGE_QUEUE_CLEANUP_TIME_ZONE',
    type: timeZone(),
    description: 'Time zone of the clean-ups.',
    default: null,
    otherwise: "the worker's",
  }),
  'cleanup.oldMessagesCron': setting({
    section: 'Clean-up',
    variable: 'MESSAGE_QUEUE_CLEANUP_OLD_MESSAGES_CRON',
    type: cron(),
    description: 'When messages are removed that are older than their days.',
    default: '0 2 * * *',
  }),
  'cleanup.oldMessagesDays': setting({
    section: 'Clean-up',
    variable: 'MESSAGE_QUEUE_CLEANUP_OLD_MESSAGES_DAYS',
    type: wholeNumber(1, 36_500, 'days'),
    description: 'How long messages are kept.',
    default: 90,
  }),
  'cleanup.deletedConversationsCron': setting({
    section: 'Clean-up',
    variable: 'MESSAGE_QUEUE_CLEANUP_DELETED_CONVERSATIONS_CRON',
    type: cron(),
    description: 'When the messages of deleted conversations are removed.',
    default: '30 2 * * *',
  }),
  'cleanup.deletedConversationsDays': setting({
    section: 'Clean-up',
    variable: 'MESSAGE_QUEUE_CLEANUP_DELETED_CONVERSATIONS_DAYS',
    type: wholeNumber(1, 36_500, 'days'),
    description: 'How long after the deletion of their conversation messages are kept.',
    default: 30,
  }),
  'cleanup.expiredAttachmentsCron': setting({
    section: 'Clean-up',
    variable: 'MESSAGE_QUEUE_CLEANUP_EXPIRED_ATTACHMENTS_CRON',
    type: cron(),
    description: 'When files and rows of expired attachments are removed.',
    default: '0 3 * * *',
  }),
} as const;
