import { ConsoleLogger } from '@nestjs/common';
import type { ConsoleLoggerOptions } from '@nestjs/common';
import { isLogFields } from './log-fields.js';

/**
 * Nest's console logger as JSON, a line an entry, in which the fields of `logs: { format: 'fields' }` stand at the top instead of under
 * `message`: `NestFactory.create(AppModule, { logger: new StructuredLogger() })`. Whatever else is logged stands as Nest writes it. Needs the
 * JSON output that Nest has from version 11 on.
 */
export class StructuredLogger extends ConsoleLogger {
  /** @param options as of `ConsoleLogger`; `json` is always true */
  constructor(options: ConsoleLoggerOptions = {}) {
    super({ colors: false, compact: true, ...options, json: true });
  }

  protected override getJsonLogObject(
    ...given: Parameters<ConsoleLogger['getJsonLogObject']>
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    const [message] = given;
    const entry = super.getJsonLogObject(...given);
    if (!isLogFields(message)) return entry;
    const { message: _fields, level: _level, timestamp: _timestamp, ...rest } = entry;
    // Nest's type knows its own levels and a number for the time.
    return { ...message, ...rest } as unknown as ReturnType<ConsoleLogger['getJsonLogObject']>;
  }
}
