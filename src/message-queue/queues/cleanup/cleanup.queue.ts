import { defineQueue } from '../../jobs/queue-definition.js';
import { AttachmentFiles } from '../../ports/attachments/attachment-files.js';
import { AttachmentStore } from '../../ports/attachments/attachment-store.js';
import { CleanupStore } from '../../ports/messages/cleanup-store.js';
import { ConversationStore } from '../../ports/messages/conversation-store.js';
import { EncryptedContentStore } from '../../ports/encryption/encrypted-content-store.js';
import { SearchIndex } from '../../ports/search-index.js';
import { QueueName } from '../queue-name.js';
import { CleanupJobDto } from './cleanup-job.dto.js';
import { EraseTracesJobDto } from './erase-traces-job.dto.js';

/** `message-cleanup`: one at a time, 2 attempts, 10 s between, 10 minutes each. */
export const CLEANUP_QUEUE = defineQueue({
  name: QueueName.MESSAGE_CLEANUP,
  description: 'Removes old messages, deleted conversations and expired attachments, and what was erased.',
  jobs: { 'cleanup-messages': CleanupJobDto, 'erase-traces': EraseTracesJobDto },
  ports: [
    AttachmentFiles,
    AttachmentStore,
    CleanupStore,
    ConversationStore,
    EncryptedContentStore,
    SearchIndex,
  ],
  sealed: true,
  concurrency: 1,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 10_000 },
  timeoutMs: 10 * 60_000,
});
