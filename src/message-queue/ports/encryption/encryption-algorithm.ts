/** The ciphers messages are sealed with; both authenticated, with 256-bit keys, 96-bit nonces and 128-bit tags. */
export const EncryptionAlgorithm = {
  AES_256_GCM: 'AES-256-GCM',
  CHACHA20_POLY1305: 'ChaCha20-Poly1305',
} as const;

/** One of {@link EncryptionAlgorithm}'s values. */
export type EncryptionAlgorithm = (typeof EncryptionAlgorithm)[keyof typeof EncryptionAlgorithm];

/** Whether a value is an encryption algorithm. */
export function isEncryptionAlgorithm(value: unknown): value is EncryptionAlgorithm {
  return Object.values<unknown>(EncryptionAlgorithm).includes(value);
}
