import { UnrecoverableJobError } from '../../jobs/errors.js';

/** A file's key is not a plain name, and no later attempt can make it one. */
export class InvalidFileKeyError extends UnrecoverableJobError {
  override readonly code = 'INVALID_FILE_KEY';
}
