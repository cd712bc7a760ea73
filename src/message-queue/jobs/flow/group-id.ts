import { ILL_FORMED, isWellFormed } from '../../../kernel/values/well-formed.js';
import { kind, Refusal } from '../../../kernel/values/kind.js';
import { kindOf } from '../../../kernel/values/words.js';

const MAX_LENGTH = 128;
/** Controls, line separators, and what turns the direction of text. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

/** A key or a tenant. Messages say its length, not the id. */
export const GROUP_ID = kind<string>(
  `1 to ${MAX_LENGTH} printable characters, not blank`,
  (value) => {
    if (typeof value !== 'string' || value.trim() === '' || value.length > MAX_LENGTH) return new Refusal();
    if (!isWellFormed(value)) return new Refusal(ILL_FORMED);
    return UNPRINTABLE.test(value) ? new Refusal('it has a control character') : value;
  },
  { show: kindOf },
);
