import { escaped } from '../../kernel/logging/printable.js';
import { Issues } from '../../kernel/values/issues.js';
import { id as anId } from '../../kernel/values/kinds.js';
import type { Kind } from '../../kernel/values/kind.js';
import { InvalidJobOptionsError } from '../jobs/errors.js';

const ID = anId(512);
const REASON = anId(500);

/** An id as callers without types may give it. @throws InvalidJobOptionsError */
export function checkedId(id: string, path: 'jobId' | 'batchId', queue?: string): string {
  return checked(id, path, ID, queue);
}

/** Why a job is cancelled. @throws InvalidJobOptionsError */
export function checkedReason(reason: string, queue: string): string {
  return escaped(checked(reason, 'reason', REASON, queue));
}

function checked(given: string, path: string, kind: Kind<string>, queue?: string): string {
  const issues = new Issues();
  issues.check(path, given, kind);
  const of = queue === undefined ? '' : ` for queue "${queue}"`;
  issues.throwIfAny(InvalidJobOptionsError, `The call${of} is wrong:`, { queue });
  return given;
}
