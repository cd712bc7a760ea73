import { TraceHolder } from '../privacy/trace-holder.js';
import type { EncryptionAlgorithm } from './encryption-algorithm.js';

/** A result of an encryption job. */
export interface EncryptedContent {
  readonly messageId: string;
  /** Absent where the job did not say. */
  readonly conversationId?: string;
  readonly envelope: string;
  readonly keyId: string;
  readonly algorithm: EncryptionAlgorithm;
  /** A whole number below 2^53 - 1, kept exactly (`contentVersion`). */
  readonly version: number;
  /** When the message was written, no later than the server heard of it: what a deletion of its conversation goes by. */
  readonly writtenAt: Date;
}

/** A result of a decryption job. */
export interface DecryptedContent {
  readonly messageId: string;
  /** Absent where the job did not say. */
  readonly conversationId?: string;
  readonly content: string;
  readonly version: number;
  readonly writtenAt: Date;
}

/**
 * Where encryption jobs leave their results, one entry per message and kind. A write with an older version changes nothing
 * (`stale`); the same version again replaces (a repeated job writes the same content, sealed anew). Where the store can see messages and marks
 * of conversations, what is of a message that is hidden, or was written before its conversation was deleted, is in no read.
 */
export abstract class EncryptedContentStore extends TraceHolder {
  /** @returns `stale` when a newer version is stored */
  abstract saveEncrypted(content: EncryptedContent, signal: AbortSignal): Promise<'saved' | 'stale'>;

  /** @returns `stale` when a newer version is stored */
  abstract saveDecrypted(content: DecryptedContent, signal: AbortSignal): Promise<'saved' | 'stale'>;

  /**
   * Puts a re-encrypted envelope in the place of another, in one step.
   * @returns false when the stored envelope is not `previousEnvelope` any more
   */
  abstract replaceEncrypted(
    previousEnvelope: string,
    content: EncryptedContent,
    signal: AbortSignal,
  ): Promise<boolean>;

  /** The stored envelope, or null. */
  abstract findEncrypted(messageId: string, signal?: AbortSignal): Promise<EncryptedContent | null>;

  /** The stored plain text, or null. */
  abstract findDecrypted(messageId: string, signal?: AbortSignal): Promise<DecryptedContent | null>;
}
