import type { JobReport } from '../display/job-reports.js';
import type { SentCounts } from '../stage/sent-counts.js';

/** What the worker process tells the demo. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'job'; readonly report: JobReport }
  | { readonly kind: 'sent'; readonly counts: SentCounts }
  | { readonly kind: 'mended' };

/** What the demo asks the worker process, which ends when the demo disconnects, for whatever reason. */
export type WorkerQuestion = 'count-sent' | 'mend-line';

/** The variables through which the worker process gets what it cannot know, beside those of docs/configuration.md. */
export const WORKER_VARIABLES = {
  role: 'MESSAGE_QUEUE_ROLE',
  databaseUrl: 'DATABASE_URL',
  smtpUrl: 'DEMO_SMTP_URL',
  /** JSON: what is wrong with the line for some messages, by their ids. */
  troubles: 'DEMO_LINE_TROUBLES',
} as const;
