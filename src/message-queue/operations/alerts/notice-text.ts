import type { AlertNotice } from '../../jobs/events/alert-notice.js';

/** One line: what happened to which alert. */
export function noticeTitle({ rule, queue, status, severity, reminder }: AlertNotice): string {
  const of = queue === null ? rule : `${rule} of "${queue}"`;
  if (status === 'resolved') return `Resolved: ${of}`;
  return `${reminder > 0 ? 'Still firing' : 'Firing'} (${severity}): ${of}`;
}

/** What is wrong, what to do, and where to read on. */
export function noticeLines(notice: AlertNotice): readonly string[] {
  const { status, message, action, runbook, since, resolvedAt } = notice;
  const begun = `Since ${since.toISOString()}`;
  return status === 'resolved'
    ? [`It was: ${message}`, `${begun}, until ${resolvedAt?.toISOString() ?? 'now'}.`]
    : [message, `${begun}.`, action, `Runbook: ${runbook}`];
}
