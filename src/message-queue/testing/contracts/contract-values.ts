import assert from 'node:assert/strict';
import type { StoredAttachment } from '../../ports/attachments/attachment-store.js';
import type { MessageToSave } from '../../ports/messages/message-store.js';
import type { Page, PageRequest } from '../../ports/page.js';

/** A time that databases with whole seconds only would spoil. */
const NOON = Date.UTC(2026, 2, 14, 12, 0, 0, 123);

/** What a careless statement would trip over. */
export const AWKWARD_TEXT = `Robert'); DROP TABLE "messages";-- \\ % _ \n\t 😀 ünï 日本語 مرحبا {"a":1} <b>&amp;</b>`;

/** A date `ms` after {@link NOON}. */
export function at(ms: number): Date {
  return new Date(NOON + ms);
}

/** A signal that never aborts. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

/** Fails unless `call` rejects with the reason of the aborted signal it is given. */
export async function rejectsWhenAborted(call: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const reason = new Error('aborted by the contract');
  await assert.rejects(call(AbortSignal.abort(reason)), (error) => error === reason);
}

/** A message; what a test does not say is the same in all. */
export function aMessage(fields: Partial<MessageToSave> = {}): MessageToSave {
  return {
    messageId: 'message-1',
    senderId: 'ana',
    recipientId: 'ben',
    conversationId: 'conversation-1',
    content: 'See you at the station.',
    encrypted: false,
    attachments: [],
    batchId: null,
    createdAt: at(0),
    ...fields,
  };
}

/** A row of one message and file, with whatever the test needs else. */
export function anAttachment(fields: Partial<StoredAttachment> = {}): StoredAttachment {
  return {
    id: 'a1',
    messageId: 'message-1',
    fileKey: 'key-1',
    expiresAt: at(0),
    legalHold: false,
    ...fields,
  };
}

/** Reads a list to its end, page by page. */
export async function allPages<T>(
  read: (page: PageRequest) => Promise<Page<T>>,
  limit: number,
): Promise<T[][]> {
  const pages: T[][] = [];
  let cursor: string | undefined;
  do {
    const page = await read({ limit, cursor });
    pages.push([...page.items]);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && pages.length < 100);
  return pages;
}
