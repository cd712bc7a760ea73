import { BadRequestException, Catch } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { ProblemFilter } from './problem.filter.js';

/** A body that is not JSON: says so, and not with the parser's words, which quote the body. */
@Catch(BadRequestException)
export class UnreadableBodyFilter extends ProblemFilter {
  override catch(error: BadRequestException, host: ArgumentsHost): void {
    const isUnreadable = error.cause instanceof SyntaxError;
    super.catch(isUnreadable ? new BadRequestException('The body is not valid JSON.') : error, host);
  }
}
