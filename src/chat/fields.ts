import { applyDecorators } from '@nestjs/common';
import { IsString, Length } from 'class-validator';

/** An id: 1 to 128 characters. */
export function Id(): PropertyDecorator {
  return applyDecorators(IsString(), Length(1, 128));
}

/** Text that users or agents write: 1 to 20 000 characters. */
export function Text(): PropertyDecorator {
  return applyDecorators(IsString(), Length(1, 20_000));
}
