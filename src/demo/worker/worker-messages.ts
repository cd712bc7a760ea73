import type { JobReport } from '../display/job-reports.js';
import type { SentCounts } from '../stage/sent-counts.js';

/** What the worker process tells the demo. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'job'; readonly report: JobReport }
  | { readonly kind: 'sent'; readonly counts: SentCounts };

/** The one thing that the demo asks the worker process, which ends when the demo disconnects, for whatever reason. */
export const COUNT_SENT = 'count-sent';

/** The variables through which the worker process gets what it cannot know, beside those of docs/configuration.md. */
export const WORKER_VARIABLES = {
  role: 'MESSAGE_QUEUE_ROLE',
  databaseUrl: 'DATABASE_URL',
  smtpUrl: 'DEMO_SMTP_URL',
  /** JSON: how many deliveries of a message fail, by message id. */
  drops: 'DEMO_LINE_DROPS',
} as const;
