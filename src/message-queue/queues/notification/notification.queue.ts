import { defineQueue } from '../../jobs/queue-definition.js';
import { DeviceTokenStore } from '../../ports/notifications/device-token-store.js';
import {
  EmailChannel,
  InAppChannel,
  PushChannel,
  SmsChannel,
} from '../../ports/notifications/notification-channel.js';
import { NotificationInbox } from '../../ports/notifications/notification-inbox.js';
import { NotificationLedger } from '../../ports/notifications/notification-ledger.js';
import { NotificationPreferences } from '../../ports/notifications/notification-preferences.js';
import { RecipientContacts } from '../../ports/notifications/recipient-contacts.js';
import { SuppressionStore } from '../../ports/suppressions/suppression-store.js';
import { QueueName } from '../queue-name.js';
import { DigestItemJobDto } from './digest/digest-item-job.dto.js';
import { NotificationJobDto } from './notification-job.dto.js';

/** How long the first notification of a digest waits for others, milliseconds: 5 minutes. */
const DIGEST_WINDOW_MS = 5 * 60 * 1000;

/** `message-notification`: 15 at a time, 3 attempts, 1 s → 2, 20 s each. */
export const NOTIFICATION_QUEUE = defineQueue({
  name: QueueName.MESSAGE_NOTIFICATION,
  description: 'Notifies recipients by push, e-mail, SMS or in the app.',
  jobs: { 'send-notification': NotificationJobDto, 'send-digest': DigestItemJobDto },
  ports: [
    PushChannel,
    EmailChannel,
    SmsChannel,
    InAppChannel,
    DeviceTokenStore,
    RecipientContacts,
    NotificationPreferences,
    NotificationLedger,
    NotificationInbox,
    SuppressionStore,
  ],
  sealed: true,
  flow: { key: {}, jobs: { 'send-digest': { batch: { size: 50, waitMs: DIGEST_WINDOW_MS } } } },
  concurrency: 15,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 1_000 },
  timeoutMs: 20_000,
});
