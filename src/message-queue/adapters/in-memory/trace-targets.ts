import type { MessageForRecipient } from '../../ports/messages/message-store.js';
import type { Deletion, TraceTarget } from '../../ports/privacy/trace-holder.js';

/** Whether a record is of the person that a target is about. */
export function isOfSubject(target: TraceTarget): (record: { readonly recipientId: string }) => boolean {
  return ({ recipientId }) => target.kind === 'subject' && recipientId === target.subjectId;
}

/** Whether something was written in one of these conversations before that was deleted. */
export function isOfDeletion(
  deletions: readonly Deletion[],
): (conversationId: string | null | undefined, writtenAt: Date) => boolean {
  const times = new Map(deletions.map(({ conversationId, deletedAt }) => [conversationId, deletedAt]));
  return (conversationId, writtenAt) => {
    const deletedAt = times.get(conversationId ?? '');
    return deletedAt !== undefined && writtenAt <= deletedAt;
  };
}

/** Whether a message is of a target that does not name messages. */
export function isOfTarget(
  target: Exclude<TraceTarget, { kind: 'messages' }>,
): (message: Pick<MessageForRecipient, 'senderId' | 'conversationId' | 'createdAt'>) => boolean {
  switch (target.kind) {
    case 'conversation':
      return ({ conversationId }) => conversationId === target.conversationId;
    case 'deletions': {
      const isOf = isOfDeletion(target.deletions);
      return ({ conversationId, createdAt }) => isOf(conversationId, createdAt);
    }
    case 'subject':
      return ({ senderId, conversationId }) =>
        senderId === target.subjectId && !target.exceptConversations.includes(conversationId);
  }
}
