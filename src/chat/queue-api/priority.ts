import { applyDecorators } from '@nestjs/common';
import { IsInt, Max, Min } from 'class-validator';

/** A priority, 1 to 10. */
export function Priority(): PropertyDecorator {
  return applyDecorators(IsInt(), Min(1), Max(10));
}
