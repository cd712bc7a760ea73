import type { CleanupStore } from '../../../../ports/messages/cleanup-store.js';
import type { ConversationStore } from '../../../../ports/messages/conversation-store.js';
import { FeedKind } from '../../../../ports/messages/device-feed.js';
import type {
  DeviceFeed,
  DeviceGreeting,
  DeviceId,
  FeedNote,
  FeedPlace,
} from '../../../../ports/messages/device-feed.js';
import type { DeliveryStatus } from '../../../../ports/messages/delivery-status.js';
import type { MessageForRecipient, MessageStore } from '../../../../ports/messages/message-store.js';
import { aMessage, at, never } from '../../contract-values.js';

/** A DeviceFeed with the stores whose messages it shows. */
export interface DeviceFeedSubject {
  readonly feed: DeviceFeed;
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly cleanup: CleanupStore;
}

/** Stores a message and notes it for its recipient, as a transport does. */
export async function sendTo(
  { feed, messages }: DeviceFeedSubject,
  fields: Partial<MessageForRecipient> = {},
  noted: Partial<FeedNote> = {},
): Promise<FeedPlace | null> {
  const message = aMessage(fields);
  await messages.save(message, never());
  const { messageId, conversationId, recipientId: personId } = message;
  return feed.note(
    { personId, kind: FeedKind.MESSAGE, messageId, conversationId, at: at(100), ...noted },
    never(),
  );
}

/** Which messages a device gets from a position on. */
export async function listed(
  { feed }: DeviceFeedSubject,
  after: number,
  personId = 'ben',
): Promise<string[]> {
  const { entries } = await feed.list(personId, after, 500, never());
  return entries.map(({ kind, messageId }) => `${kind} ${messageId}`);
}

/** Moves a recipient's status. */
export function advance(
  { messages }: DeviceFeedSubject,
  messageId: string,
  status: DeliveryStatus,
  ms: number,
): Promise<unknown> {
  return messages.advanceStatus({ messageId, recipientId: 'ben', status, at: at(ms) }, never());
}

/** A device of ben's. */
export const PHONE: DeviceId = { personId: 'ben', deviceId: 'phone' };
/** Another one of his. */
export const LAPTOP: DeviceId = { personId: 'ben', deviceId: 'laptop' };

/** A device says that it is there. */
export function greet(
  { feed }: DeviceFeedSubject,
  device: DeviceId,
  position: number | null = null,
  ms = 10,
): Promise<DeviceGreeting> {
  return feed.greet(device, position, at(ms), never());
}
