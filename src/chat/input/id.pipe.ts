import { BadRequestException, Injectable } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';
import { isId } from './fields.js';

/** What every id in a path passes, see {@link isId}: no store is asked for what none can hold. */
@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (isId(value)) return value;
    throw new BadRequestException('The id in the path must be 1 to 128 characters without spaces.');
  }
}
