import { IsIn, ValidateIf } from 'class-validator';
import { EncryptionAlgorithm } from '../../ports/encryption/encryption-algorithm.js';
import { DateField, IdField, OptionalField, TextField } from '../payload-fields.js';
import { Identifies, KeyScope, Readable } from '../../privacy/sealed-fields.decorators.js';

/** What an encryption job does. */
export const EncryptionOperation = {
  ENCRYPT: 'encrypt',
  DECRYPT: 'decrypt',
  REENCRYPT: 'reencrypt',
} as const;

/** One of {@link EncryptionOperation}'s values. */
export type EncryptionOperation = (typeof EncryptionOperation)[keyof typeof EncryptionOperation];

/** Whether a value is an encryption operation. */
export function isEncryptionOperation(value: unknown): value is EncryptionOperation {
  return Object.values<unknown>(EncryptionOperation).includes(value);
}

/** Payload of `encrypt-decrypt`. The result goes to the EncryptedContentStore, never into the job's return value. */
export class EncryptionJobDto {
  @Identifies('message')
  @IdField()
  messageId!: string;

  /** The message's: with that conversation's key, which can be destroyed, the job is sealed. */
  @KeyScope('conversation')
  @OptionalField()
  @IdField()
  conversationId?: string;

  @Readable()
  @IsIn(Object.values(EncryptionOperation))
  operation!: EncryptionOperation;

  /**
   * `encrypt`: the plain text, required. `decrypt`: the envelope; default: the stored one. Not used by `reencrypt`, which
   * seals the stored envelope anew with the current key. At most 1 000 000 characters.
   */
  @ValidateIf((job: EncryptionJobDto) => job.operation === 'encrypt' || job.content !== undefined)
  @TextField(1_000_000)
  content?: string;

  /** Default `AES-256-GCM`; a decryption uses the envelope's. */
  @Readable()
  @OptionalField()
  @IsIn(Object.values(EncryptionAlgorithm))
  algorithm?: EncryptionAlgorithm;

  /** Default: the current key; a decryption uses the envelope's. */
  @Readable()
  @OptionalField()
  @IdField()
  keyId?: string;

  /**
   * Marks an edit, and says when it was made: its result outranks that of the original whatever their times, and that of earlier edits. Not used
   * by `reencrypt`, nor where the stored envelope is opened: what comes of those is as old as what was stored.
   */
  @Readable()
  @OptionalField()
  @DateField()
  updatedAt?: Date | string;

  /** When the message was written. */
  @Readable()
  @DateField()
  createdAt!: Date | string;
}
