import { IssuesError, MessageQueueError } from '../../../kernel/errors.js';

/** The audit could not be written, so what was asked was not done. The same call again is safe. */
export class AuditUnavailableError extends MessageQueueError {
  readonly code = 'AUDIT_UNAVAILABLE';
}

/** What should be written to the audit is not an entry; lists every field. Nothing was written, and nothing done. */
export class InvalidAuditEntryError extends IssuesError {
  readonly code = 'INVALID_AUDIT_ENTRY';
}
