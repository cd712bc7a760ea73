import type { EncryptionAlgorithm } from './encryption-algorithm.js';

/** What to seal. */
export interface SealRequest {
  /** Bound to the envelope: it opens for this message only. */
  readonly messageId: string;
  readonly content: string;
  /** Default `AES-256-GCM`. */
  readonly algorithm?: EncryptionAlgorithm;
  /** Default: the provider's current key. */
  readonly keyId?: string;
}

/** A sealed message. */
export interface SealedContent {
  /** Text, versioned, self-describing. */
  readonly envelope: string;
  readonly keyId: string;
  readonly algorithm: EncryptionAlgorithm;
}

/** What to open. */
export interface OpenRequest {
  readonly messageId: string;
  readonly envelope: string;
}

/** An opened message. Never log it, never return it from a job. */
export interface OpenedContent {
  readonly content: string;
  readonly keyId: string;
  readonly algorithm: EncryptionAlgorithm;
}

/**
 * Seals and opens message content. Ships with one adapter (node:crypto); it is a port so that delivery and encryption share it
 * and so that a host may put a pool of threads or an HSM behind it. Errors never carry content.
 */
export abstract class MessageCipher {
  /** @throws UnknownKeyError, WrongKeyError (a key of the wrong length), UnknownAlgorithmError */
  abstract seal(request: SealRequest, signal?: AbortSignal): Promise<SealedContent>;

  /** @throws MalformedEnvelopeError, UnknownAlgorithmError, UnknownKeyError, WrongKeyError, TamperedContentError */
  abstract open(request: OpenRequest, signal?: AbortSignal): Promise<OpenedContent>;
}
