import { isDeletedWith } from '../../../ports/messages/conversation-store.js';
import type { RecallNotice } from '../../../ports/messages/message-store.js';
import type { Page, PageRequest } from '../../../ports/page.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { pageOf } from '../page-of.js';
import { isOfDeletion } from '../trace-targets.js';
import type { InMemoryMessages } from './in-memory-messages.js';

/** Keeps notices; one that is there stays as it is. */
export function noteRecalled({ notices: kept }: InMemoryMessages, notices: readonly RecallNotice[]): void {
  for (const notice of notices) {
    if (!kept.has(nameOf(notice))) kept.set(nameOf(notice), notice);
  }
}

/** A person's notices, the oldest first. @throws InvalidCursorError */
export function listRecalled(
  data: InMemoryMessages,
  recipientId: string,
  page: PageRequest | undefined,
): Page<RecallNotice> {
  const theirs = data.notices
    .values()
    .filter(
      ({ recipientId: whose, conversationId, recalledAt }) =>
        whose === recipientId && !isDeletedWith(data.conversation(conversationId), recalledAt),
    );
  const keyOf = ({ recalledAt, messageId }: RecallNotice) => [recalledAt.getTime(), messageId] as const;
  return pageOf(theirs, keyOf, 'oldest-first', page);
}

/** Forgets a notice; of one that is gone already, nothing happens. */
export function confirmRecalled(data: InMemoryMessages, notice: NoticeKey): void {
  data.notices.delete(nameOf(notice));
}

/** The notices of a target that no legal hold keeps. Of messages there are none: a notice outlives its message. */
export function noticesOf(data: InMemoryMessages, target: TraceTarget): RecallNotice[] {
  if (target.kind === 'messages') return [];
  const free = data.notices.values().filter(({ conversationId }) => !data.isHeld(conversationId));
  switch (target.kind) {
    case 'deletions': {
      const isOf = isOfDeletion(target.deletions);
      return free.filter(({ conversationId, recalledAt }) => isOf(conversationId, recalledAt));
    }
    case 'conversation':
      return free.filter(({ conversationId }) => conversationId === target.conversationId);
    case 'subject': {
      const left = new Set(target.exceptConversations);
      return free.filter(
        ({ conversationId, recipientId }) => recipientId === target.subjectId && !left.has(conversationId),
      );
    }
  }
}

type NoticeKey = Pick<RecallNotice, 'messageId' | 'recipientId'>;

function nameOf({ messageId, recipientId }: NoticeKey): string {
  return `${messageId}\0${recipientId}`;
}
