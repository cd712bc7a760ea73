import { InvalidJobOptionsError } from '../jobs/errors.js';

const MAX_ID_LENGTH = 512;
const MAX_REASON_LENGTH = 500;

/** An id as callers without types may give it. @throws InvalidJobOptionsError */
export function checkedId(id: string, path: 'jobId' | 'batchId', queue?: string): string {
  return checked(id, path, MAX_ID_LENGTH, queue);
}

/** Why a job is cancelled. @throws InvalidJobOptionsError */
export function checkedReason(reason: string, queue: string): string {
  return checked(reason, 'reason', MAX_REASON_LENGTH, queue);
}

function checked(given: unknown, path: string, maxLength: number, queue?: string): string {
  if (typeof given === 'string' && given.trim() !== '' && given.length <= maxLength) return given;
  const shown = typeof given === 'string' ? `a text of ${given.length} characters` : String(given);
  throw new InvalidJobOptionsError(
    queue === undefined ? 'The call is wrong:' : `The call for queue "${queue}" is wrong:`,
    [{ path, message: `is ${shown}; must be a text of 1 to ${maxLength} characters` }],
    { queue },
  );
}
