import { DeliveryStatus } from '../../../ports/messages/delivery-status.js';
import { FeedKind } from '../../../ports/messages/device-feed.js';
import type { FeedEntry, FeedPage } from '../../../ports/messages/device-feed.js';
import type { RecipientStatus, StoredMessage } from '../../../ports/messages/message-store.js';
import { SocketEvent, toSocketMessage, toSocketOwnMessage, toSocketStatus } from '../socket-protocol.js';
import type { SyncItem } from '../socket-protocol.js';

/** Characters of one page, approximate; one message may have more. */
const MOST_CHARACTERS = 256 * 1024;
/** Recipients whose status is told of one message, those that changed last. */
const MOST_STATUSES = 500;

/** Entries of a page that go in one answer. */
export function cutToSize({ entries, position, hasMore }: FeedPage): FeedPage {
  let characters = 0;
  const count = entries.findIndex(({ message }, index) => {
    characters += message?.content.length ?? 0;
    return index > 0 && characters > MOST_CHARACTERS;
  });
  if (count < 0) return { entries, position, hasMore };
  const fitting = entries.slice(0, count);
  return { entries: fitting, position: fitting.at(-1)?.position ?? position, hasMore: true };
}

/** An entry as a device would have got it at the time. */
export function toSyncItems(personId: string, { kind, position, ...entry }: FeedEntry): SyncItem[] {
  const { messageId, conversationId, message } = entry;
  const about = { messageId, conversationId, position };
  if (kind === FeedKind.RECALL) return [{ event: SocketEvent.RECALLED, payload: about }];
  if (kind === FeedKind.READ) return [{ event: SocketEvent.READ, payload: about }];
  if (message === null) return [];
  if (kind === FeedKind.MESSAGE) {
    const payload = { ...toSocketMessage({ ...message, recipientId: personId }), position };
    return [{ event: SocketEvent.MESSAGE, payload }];
  }
  const statuses = statusesOf(message).map((payload) => ({
    event: SocketEvent.STATUS,
    payload: { ...payload, position },
  }));
  if (kind === FeedKind.STATUS) return statuses;
  const recipientIds = message.recipients.map(({ recipientId }) => recipientId);
  const payload = { ...toSocketOwnMessage(message, recipientIds), position };
  return [{ event: SocketEvent.OWN_MESSAGE, payload }, ...statuses];
}

function statusesOf(message: StoredMessage): ReturnType<typeof toSocketStatus>[] {
  const { messageId, conversationId, senderId, createdAt } = message;
  return message.recipients
    .filter(({ status }) => status !== DeliveryStatus.PENDING)
    .map((recipient) => ({ ...recipient, at: reachedAt(recipient) ?? createdAt }))
    .sort((a, b) => a.at.getTime() - b.at.getTime())
    .slice(-MOST_STATUSES)
    .map(({ recipientId, status, at }) =>
      toSocketStatus({ messageId, conversationId, senderId, recipientId, status, at }),
    );
}

function reachedAt({ status, sentAt, deliveredAt, readAt, failedAt }: RecipientStatus): Date | null {
  if (status === DeliveryStatus.FAILED) return failedAt;
  if (status === DeliveryStatus.READ) return readAt;
  return status === DeliveryStatus.DELIVERED ? deliveredAt : sentAt;
}
