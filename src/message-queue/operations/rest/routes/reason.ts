import { InvalidRequestError } from '../request-errors.js';
import { textParam } from '../shape.js';

/** Why somebody changes something. */
export const REASON = textParam(
  'Why, in a few words without names: it is kept in the audit as a code, such as "ticket-4711".',
  200,
);

const LONGEST_CODE = 64;

/**
 * A reason as the audit keeps it: a code, because prose would become content.
 * @throws InvalidRequestError when there is none and one is needed
 */
export function reasonCode(given: string | undefined, isNeeded: boolean): string | undefined {
  const code = (given ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, LONGEST_CODE);
  if (code !== '') return code;
  if (!isNeeded && given === undefined) return undefined;
  const message = 'must say why, with letters or digits: this cannot be taken back';
  throw new InvalidRequestError('The body is wrong:', [{ path: 'reason', message }]);
}
