import { MessageQueueError } from '../../../kernel/errors.js';

/** Longest reason that is kept with a status, in characters. */
const LONGEST_REASON = 500;

/**
 * Why a message failed, as its status keeps it: our own errors' text, of others the name or code only, since a library's
 * message may quote what was sent.
 */
export function failureReasonOf(error: unknown): string {
  if (error instanceof MessageQueueError) return `${error.code}: ${error.message}`.slice(0, LONGEST_REASON);
  if (!(error instanceof Error)) return 'unknown error';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? `${error.name} (${code})`.slice(0, LONGEST_REASON) : error.name;
}
