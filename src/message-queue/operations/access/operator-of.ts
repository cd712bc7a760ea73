import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { isRecord } from '../../../kernel/values/kinds.js';
import { isWellFormed } from '../../../kernel/values/well-formed.js';
import type { Admission, Refused } from './admission.js';

/** One line. */
const NAME = /^[^\p{Cc}]{1,200}$/u;

const NOT_LET_IN: Refused = {
  status: 403,
  code: 'NOT_LET_IN',
  detail: 'You may not use the operations of the message queues.',
};

const logger = new SafeLogger('Operations');

/** What the host's own code said of who asks: nobody is refused, and so is what is no operator, which is logged. */
export function admissionOf(said: unknown, from: string): Admission {
  if (said === null || said === undefined) return { refused: NOT_LET_IN };
  if (isRecord(said)) {
    const { name, role } = said;
    const isNamed = typeof name === 'string' && NAME.test(name) && isWellFormed(name);
    if (isNamed && (role === 'viewer' || role === 'operator')) return { visitor: { name, role } };
  }
  logger.error(
    `Nobody was let in, because ${from} is no operator: { name, role } with a name of 1 to 200 characters on one line, and the role "viewer" or "operator".`,
  );
  return { refused: NOT_LET_IN };
}
