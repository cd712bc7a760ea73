import { MessageQueueService } from '../../message-queue/index.js';
import { Privacy } from '../../message-queue/operations/index.js';
import type { ErasureReceipt } from '../../message-queue/operations/index.js';
import { MessageStore, SearchIndex } from '../../message-queue/ports/index.js';
import type { SampleConversation } from './conversation.js';
import type { Stage } from '../stage/stage.js';
import type { Story } from './story.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Act five: a case is closed. Its messages and a reminder that waits for tomorrow are shredded, with the key that sealed the reminder.
 * @returns the receipt
 */
export async function closeCase(
  { app }: Stage,
  story: Story,
  { closed }: SampleConversation,
): Promise<ErasureReceipt> {
  const { conversation, between, messages, reminder } = closed;
  const conversationId = story.conversationOf(conversation);
  const [senderId, recipientId] = between;
  const createdAt = new Date();
  const about = { conversationId, senderId, recipientId, createdAt };
  const signal = AbortSignal.timeout(5_000);
  for (const [at, content] of messages.entries()) {
    const message = { ...about, messageId: story.idOf(`closed-${at}`), content };
    await app
      .get(MessageStore)
      .save({ ...message, encrypted: false, attachments: [], batchId: null }, signal);
    await app.get(SearchIndex).indexMany([{ ...message, version: createdAt.getTime() }], signal);
  }
  await app
    .get(MessageQueueService)
    .addMessageDeliveryJob(
      { ...about, messageId: story.idOf('closed-reminder'), content: reminder },
      { delay: DAY_MS },
    );
  return app.get(Privacy).shredConversation(conversationId, { by: senderId, reason: 'case-closed' });
}

/** A receipt, for people who have never seen one. */
export function receiptText({ id, keysDestroyed, holders }: ErasureReceipt): string {
  const removed = holders.filter((holder) => holder.removed > 0);
  const left = holders.reduce((sum, holder) => sum + holder.left, 0);
  return [
    `  receipt ${id}:`,
    `    removed:        ${removed.map((holder) => `${holder.name} ${holder.removed}`).join(', ')}`,
    `    keys destroyed: ${keysDestroyed}; their texts open nowhere, not in a backup of Redis either`,
    `    left:           ${left}, counted again in all ${holders.length} places`,
  ].join('\n');
}
