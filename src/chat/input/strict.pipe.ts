import { ValidationPipe } from '@nestjs/common';

/** What every body and query passes: fields that its DTO does not know are refused. */
export const STRICT = new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true });
