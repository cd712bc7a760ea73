import { UnrecoverableJobError } from '../../jobs/errors.js';

/** The envelope was changed, cut short, or belongs to another message. */
export class TamperedContentError extends UnrecoverableJobError {
  override readonly code = 'ENCRYPTION_TAMPERED';
}

/** The text is not an envelope of a version this library reads. */
export class MalformedEnvelopeError extends UnrecoverableJobError {
  override readonly code = 'ENCRYPTION_MALFORMED_ENVELOPE';
}

/** The key provider has no key of this id. */
export class UnknownKeyError extends UnrecoverableJobError {
  override readonly code = 'ENCRYPTION_UNKNOWN_KEY';
}

/** The key of this id is not the one the envelope was sealed with (or is not 32 bytes long). */
export class WrongKeyError extends UnrecoverableJobError {
  override readonly code = 'ENCRYPTION_WRONG_KEY';
}

/** The algorithm is not one of `EncryptionAlgorithm`'s values. */
export class UnknownAlgorithmError extends UnrecoverableJobError {
  override readonly code = 'ENCRYPTION_UNKNOWN_ALGORITHM';
}
