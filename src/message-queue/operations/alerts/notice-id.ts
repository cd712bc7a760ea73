import { createHash } from 'node:crypto';
import type { AlertNotice } from '../../jobs/events/alert-notice.js';

/** The same for every repeat of a notice, and another for each reminder and for the end: receivers drop what they have seen. */
export function noticeId({ id, status, reminder }: AlertNotice): string {
  const digest = createHash('sha256').update(`${id}\0${status}\0${reminder}`).digest('hex');
  return `alert_${digest.slice(0, 32)}`;
}
