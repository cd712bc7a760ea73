import { escaped } from './logging/printable.js';

/** One thing that is wrong with a payload, an option or a configuration value. */
export interface Issue {
  /** Dotted path of the field, option or variable, for example `attachments.0.url` or `REDIS_PORT`. */
  readonly path: string;
  /** What is wrong and what is allowed. Never contains message content. */
  readonly message: string;
}

/** Where an error happened: added to the error's message and kept as fields. */
export interface ErrorPlace {
  readonly queue?: string;
  readonly job?: string;
  readonly jobId?: string;
  readonly cause?: unknown;
}

/** Every error this library throws on purpose. Catch it, then switch over `code`. */
export abstract class MessageQueueError extends Error {
  /** Stable and machine-readable. */
  abstract readonly code: string;
  readonly queue?: string;
  readonly job?: string;
  readonly jobId?: string;

  /** @param message one line, or several; control characters that a value in it brings along are escaped, line breaks too */
  constructor(message: string | readonly string[], place: ErrorPlace = {}) {
    const lines = typeof message === 'string' ? [message] : message;
    super(lines.map(escaped).join('\n'), place.cause === undefined ? undefined : { cause: place.cause });
    this.name = new.target.name;
    // Only what is known, so that a printed error shows no empty fields.
    if (place.queue !== undefined) this.queue = place.queue;
    if (place.job !== undefined) this.job = place.job;
    if (place.jobId !== undefined) this.jobId = place.jobId;
  }
}

/** An error that lists everything that is wrong at once. */
export abstract class IssuesError extends MessageQueueError {
  readonly issues: readonly Issue[];
  constructor(headline: string, issues: readonly Issue[], place?: ErrorPlace) {
    super([headline, ...issues.map(({ path, message }) => `  - ${path}: ${message}`)], place);
    this.issues = issues;
  }
}

/** Options or environment are wrong; lists every mistake at once. Thrown at start. */
export class InvalidConfigurationError extends IssuesError {
  readonly code = 'INVALID_CONFIGURATION';
}

/** An optional peer dependency is not installed; the message names the package. */
export class MissingPackageError extends MessageQueueError {
  readonly code = 'MISSING_PACKAGE';
}

/** A module, or a queue, was registered twice with different settings; names both places. */
export class DuplicateRegistrationError extends MessageQueueError {
  readonly code = 'DUPLICATE_REGISTRATION';
}
