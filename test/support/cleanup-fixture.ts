import 'reflect-metadata';
import { fakeJobContext } from './job-context.js';
import type { Plain } from './plain.js';
import {
  InMemoryMessages,
  InMemoryAttachmentFiles,
  InMemoryAttachmentStore,
  InMemoryCleanupStore,
  InMemoryConversationStore,
  InMemoryBatchProgressStore,
  InMemoryDeviceFeed,
  InMemoryNotificationInbox,
  InMemoryNotificationLedger,
  InMemoryEncryptedContentStore,
  InMemoryMessageStore,
  InMemorySearchIndex,
} from '../../src/message-queue/adapters/in-memory/index.js';
import { ManualClock } from '../../src/kernel/time/manual-clock.js';
import type { CleanupJobDto } from '../../src/message-queue/queues/cleanup/cleanup-job.dto.js';
import { MessageCleanupProcessor } from '../../src/message-queue/queues/cleanup/cleanup.processor.js';
import { AttachmentTraces } from '../../src/message-queue/privacy/erasure/attachment-traces.js';
import { TraceHolders } from '../../src/message-queue/privacy/erasure/trace-holders.js';
import { ManualCircuitBreakers } from '../../src/message-queue/testing/manual-circuit-breakers.js';
import { recorded } from '../../src/message-queue/testing/recorded.js';

export const DAY = 86_400_000;
export const NOW = Date.UTC(2026, 5, 1);
// A schedule keeps the createdAt of its first day; nothing may depend on it.
export const createdAt = new Date(0);
export const old: Plain<CleanupJobDto> = {
  cleanupType: 'old_messages',
  retentionDays: 90,
  batchSize: 10,
  createdAt,
};

export function setUp() {
  const clock = new ManualClock(NOW);
  const data = new InMemoryMessages();
  const messages = recorded(new InMemoryMessageStore(data));
  const conversations = recorded(new InMemoryConversationStore(data));
  const store = recorded(new InMemoryCleanupStore(data));
  const attachments = recorded(new InMemoryAttachmentStore(data));
  const files = recorded(new InMemoryAttachmentFiles());
  const contents = recorded(new InMemoryEncryptedContentStore(undefined, data));
  const index = recorded(new InMemorySearchIndex());
  const feed = recorded(new InMemoryDeviceFeed(data));
  const inbox = new InMemoryNotificationInbox(undefined, data);
  const ledger = new InMemoryNotificationLedger(undefined, data);
  const batches = new InMemoryBatchProgressStore(undefined, data);
  const holders = [index, contents, new AttachmentTraces(attachments, files)];
  const processor = new MessageCleanupProcessor(
    ...([store, attachments, files, new TraceHolders(() => holders)] as const),
    ...([clock, new ManualCircuitBreakers(), feed] as const),
    ...([inbox, ledger, batches] as const),
  );
  const context = (overrides: Parameters<typeof fakeJobContext>[0] = {}) =>
    fakeJobContext({ now: NOW, ...overrides });
  const { signal } = context();
  const addMessage = async (messageId: string, ageDays: number, conversationId = 'c-1'): Promise<void> => {
    const sent = new Date(NOW - ageDays * DAY);
    const row = { messageId, senderId: 'ada', conversationId, content: 'harbour', createdAt: sent };
    await messages.save(
      { ...row, recipientId: 'ben', encrypted: false, attachments: [], batchId: null },
      signal,
    );
    await index.indexMany([{ ...row, version: sent.getTime() }], signal);
    await contents.saveDecrypted(
      { messageId, conversationId, content: 'harbour', version: 1, writtenAt: sent },
      signal,
    );
  };
  const addAttachment = async (
    id: string,
    expiresInDays: number | null,
    legalHold = false,
  ): Promise<void> => {
    const expiresAt = expiresInDays === null ? null : new Date(NOW + expiresInDays * DAY);
    await attachments.save({ id, messageId: `m-${id}`, fileKey: `${id}.png`, expiresAt, legalHold }, signal);
    await files.write(`${id}.png`, Buffer.from(id));
  };
  const left = async (): Promise<string[]> =>
    (await messages.listConversation('c-1')).items.map(({ messageId }) => messageId);
  return {
    ...{ clock, messages, conversations, store, attachments, files, contents, index, processor, context },
    feed,
    ...{ inbox, ledger, batches },
    ...{ signal, addMessage, addAttachment, left },
  };
}
