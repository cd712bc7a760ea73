import { applyDecorators } from '@nestjs/common';
import { IsString, Length, Matches } from 'class-validator';

const ID = /^[^\s\p{C}]{1,128}$/u;
const STORABLE = /^[^\0\p{Cs}]*$/u;

/** Whether a value that came from outside is an id: 1 to 128 characters, no spaces, no control characters. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

/** An id, see {@link isId}. */
export function Id(): PropertyDecorator {
  return Matches(ID, { message: '$property must be 1 to 128 characters without spaces' });
}

/** Text that users or agents write: 1 to 20 000 characters that every store keeps, not blank. */
export function Text(): PropertyDecorator {
  return applyDecorators(
    IsString(),
    Length(1, 20_000),
    Matches(/\S/u, { message: '$property must not be blank' }),
    Matches(STORABLE, { message: '$property must not contain NUL or half a surrogate pair' }),
  );
}
