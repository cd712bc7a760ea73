import { CancelledError } from './errors.js';
import type { FailedSettlement } from './settlement.js';

const LONGEST_REASON = 500;

/** Why a run that ended cancelled was, in the words of who cancelled it; at most 500 characters. */
export function cancelReasonOf({ error, failure }: FailedSettlement): string {
  // An error too large to be stored is the cause of a shorter one.
  const cancelled = [error, error.cause].find((one) => one instanceof CancelledError);
  return (cancelled?.reason ?? failure.message).slice(0, LONGEST_REASON);
}
