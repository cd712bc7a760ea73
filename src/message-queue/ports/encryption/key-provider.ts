/** A symmetric key and its name. */
export interface EncryptionKey {
  /** 1 to 128 characters; travels in the clear with every envelope. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/** Where keys come from: a key ring in the environment, a KMS. Several keys may be known, at most four where jobs are sealed; one of them is current. */
export abstract class KeyProvider {
  /** The key that new envelopes are sealed with. */
  abstract current(signal?: AbortSignal): Promise<EncryptionKey>;

  /** A key by its id, older ones included; null when there is none. */
  abstract byId(keyId: string, signal?: AbortSignal): Promise<EncryptionKey | null>;

  /** The ids of all keys that {@link byId} finds, each once, the current one first. Opens none of them. */
  abstract ids(signal?: AbortSignal): Promise<readonly string[]>;
}
