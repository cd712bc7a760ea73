import { BadRequestException, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from '@nestjs/common';

const RULES = { whitelist: true, forbidNonWhitelisted: true, transform: true };

/** What every body and query passes: fields that its DTO does not know are refused. */
export const STRICT = new ValidationPipe(RULES);

/** The same for routes whose errors are problem details: what is wrong is said field by field. */
export const STRICT_BY_FIELD = new ValidationPipe({
  ...RULES,
  exceptionFactory: (errors: ValidationError[]) => {
    const issues = errors.flatMap(({ property: path, constraints = {} }) =>
      Object.values(constraints).map((message) => ({ path, message })),
    );
    return new BadRequestException({
      ...{ statusCode: 400, code: 'INVALID_PAYLOAD', issues },
      message: `The body cannot be taken: ${issues.map(({ message }) => message).join('; ')}.`,
    });
  },
});
