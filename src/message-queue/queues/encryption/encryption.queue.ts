import { defineQueue } from '../../jobs/queue-definition.js';
import { EncryptedContentStore } from '../../ports/encryption/encrypted-content-store.js';
import { KeyProvider } from '../../ports/encryption/key-provider.js';
import { QueueName } from '../queue-name.js';
import { EncryptionJobDto } from './encryption-job.dto.js';

/** `message-encryption`: 5 at a time, 3 attempts, 2 s → 4, 45 s each. */
export const ENCRYPTION_QUEUE = defineQueue({
  name: QueueName.MESSAGE_ENCRYPTION,
  description: 'Encrypts and decrypts message content with AES-256-GCM or ChaCha20-Poly1305.',
  jobs: { 'encrypt-decrypt': EncryptionJobDto },
  ports: [EncryptedContentStore, KeyProvider],
  sealed: true,
  concurrency: 5,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 2_000 },
  timeoutMs: 45_000,
});
