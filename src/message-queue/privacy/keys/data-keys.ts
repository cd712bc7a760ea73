/** How many texts a key seals in one process: 64 that seal as many with one key stay within the 2^32 that random nonces allow. */
export const MOST_TEXTS = 2 ** 26;
/** How long a key seals, milliseconds. */
export const LONGEST_USE_MS = 30 * 24 * 60 * 60_000;
/** How long what was known of a key is trusted while nobody answers, milliseconds. */
export const LONGEST_OUTAGE_MS = 10 * 60_000;

/** A data key that was opened. */
export interface DataKey {
  /** 16 bytes, stored in the clear with every text that the key seals. */
  readonly id: Buffer;
  /** 32 bytes. */
  readonly secret: Buffer;
}

/** What became of the key that a sealed text names: `shredded`, it was destroyed; `unknown`, nobody here has heard of it. */
export type KeyLookup = DataKey | 'shredded' | 'unknown';

/** The keys of a ring, by name. */
export interface RingView {
  /** All names. */
  readonly names: string;
  /** Whether a data key is derived from a key that is not in the ring. */
  isMissing(keyId: Buffer): boolean;
}

/** The data keys that payloads are sealed with. What is at hand is answered at once, what is not has to be loaded. */
export interface DataKeys {
  /** The key to seal with, when it is at hand; counts one text that is sealed with it. */
  sealingKeyNow(scope: string, queue: string): DataKey | undefined;

  /** @throws KeyUnavailableError, ScopeShreddedError */
  sealingKey(scope: string, queue: string, signal?: AbortSignal): Promise<DataKey>;

  /** The key that fingerprints of a scope are made with, when it is at hand: the same in every process. It seals nothing by that. */
  fingerprintKeyNow(scope: string, queue: string): DataKey | undefined;

  /** @throws KeyUnavailableError, ScopeShreddedError */
  fingerprintKey(scope: string, queue: string): Promise<DataKey>;

  /** The key of a sealed text or of a fingerprint, when it is known. */
  openingKeyNow(keyId: Buffer, queue: string): KeyLookup | undefined;

  /** @throws KeyUnavailableError */
  openingKey(keyId: Buffer, queue: string, signal?: AbortSignal): Promise<KeyLookup>;
}
