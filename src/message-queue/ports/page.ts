import { MessageQueueError } from '../../kernel/errors.js';

/** Which part of a list to read. */
export interface PageRequest {
  /** Entries per page, 1 to 500. Default 50. */
  readonly limit?: number;
  /** `nextCursor` of the previous page; opaque. Absent: the first page. */
  readonly cursor?: string;
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Pass it on for the next page; null when this was the last one. */
  readonly nextCursor: string | null;
}

/** The cursor was not made by this list. */
export class InvalidCursorError extends MessageQueueError {
  readonly code = 'INVALID_CURSOR';
}
