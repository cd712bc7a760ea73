export { PooledMessageCipher } from './pooled-message-cipher.js';
export type { PooledCipherOptions } from './pooled-message-cipher.js';
