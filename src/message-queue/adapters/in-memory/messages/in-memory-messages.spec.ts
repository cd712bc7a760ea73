import { Logger } from '@nestjs/common';
import type { MessageForRecipient } from '../../../ports/messages/message-store.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { InMemoryConversationStore } from './in-memory-conversation.store.js';
import { InMemoryMessageStore } from './in-memory-message.store.js';
import { InMemoryMessages } from './in-memory-messages.js';

const { signal } = new AbortController();
const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 12, 0, second));

function setUp(limits: Partial<InMemoryLimits>) {
  const data = new InMemoryMessages(limits);
  const store = new InMemoryMessageStore(data);
  const save = async (n: number, change: Partial<MessageForRecipient> = {}): Promise<void> => {
    const people = { senderId: 'ada', recipientId: 'ben', conversationId: 'c-1' };
    const rest = { encrypted: false, attachments: [], batchId: null, createdAt: at(n) };
    await store.save({ messageId: `m-${n}`, content: `text ${n}`, ...people, ...rest, ...change }, signal);
  };
  const send = async (n: number, recipientId = 'ben'): Promise<unknown> =>
    store.advanceStatus({ messageId: `m-${n}`, recipientId, status: 'sent', at: at(n) }, signal);
  const known = (): string[] => data.messages().map(({ messageId }) => messageId);
  return { conversations: new InMemoryConversationStore(data), store, save, send, known };
}

describe('InMemoryMessages', () => {
  let warn: jest.SpyInstance;
  beforeEach(() => (warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined)));
  afterEach(() => warn.mockRestore());

  it('forgets what was sent first, and keeps what waits for its recipient', async () => {
    const { save, send, known, store } = setUp({ maxEntries: 4 });
    for (const n of [1, 2, 3, 4]) await save(n);
    for (const n of [3, 2]) await send(n);
    await save(5);
    await save(6);
    expect(known()).toEqual(['m-1', 'm-4', 'm-5', 'm-6']);
    expect(await store.findStatus('m-3', 'ben')).toBeNull();
    expect(warn).not.toHaveBeenCalled();
  });

  it('lets a message that waits again wait', async () => {
    const { save, send, store, known } = setUp({ maxEntries: 2 });
    await save(1);
    await store.advanceStatus({ messageId: 'm-1', recipientId: 'ben', status: 'failed', at: at(1) }, signal);
    await store.advanceStatus({ messageId: 'm-1', recipientId: 'ben', status: 'pending', at: at(2) }, signal);
    await save(2);
    await send(2);
    await save(3);
    expect(known()).toEqual(['m-1', 'm-3']);
  });

  it('forgets what waits longest, and says so once, when everything waits', async () => {
    const { save, known, store } = setUp({ maxEntries: 2 });
    for (const n of [1, 2, 3, 4]) await save(n);
    expect(known()).toEqual(['m-3', 'm-4']);
    expect((await store.listPending('ben')).items).toHaveLength(2);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(String(warn.mock.calls[0]?.[0])).toContain('Plug in adapters of MessageStore');
  });

  it('counts every copy of a message', async () => {
    const { save, send, known, store } = setUp({ maxEntries: 3 });
    for (const recipientId of ['ben', 'cem', 'dee']) {
      await save(1, { recipientId });
      await send(1, recipientId);
    }
    await save(2);
    await save(3);
    expect((await store.find('m-1'))?.recipients.map(({ recipientId }) => recipientId)).toEqual(['dee']);
    await save(4);
    expect(known()).toEqual(['m-2', 'm-3', 'm-4']);
  });

  it('holds no more content than it may', async () => {
    const { save, send, known } = setUp({ maxBytes: 100 });
    for (const n of [1, 2, 3]) {
      await save(n, { content: 'x'.repeat(40) });
      await send(n);
    }
    expect(known()).toEqual(['m-2', 'm-3']);
  });

  it('keeps what is under legal hold, as long as it is', async () => {
    const { save, send, known, conversations } = setUp({ maxEntries: 2 });
    await save(1, { conversationId: 'c-held' });
    await send(1);
    await conversations.setLegalHold('c-held', true);
    for (const n of [2, 3]) {
      await save(n);
      await send(n);
    }
    expect(known()).toEqual(['m-1', 'm-3']);
    await conversations.setLegalHold('c-held', false);
    await save(4);
    await save(5);
    expect(known()).toEqual(['m-4', 'm-5']);
  });

  it('refuses a mark on one conversation too many: what was deleted must not be seen again', async () => {
    const { conversations } = setUp({ maxEntries: 1 });
    await conversations.markDeleted('c-1', at(1));
    await expect(conversations.markDeleted('c-2', at(1))).rejects.toThrow('ConversationStore is full');
    expect(await conversations.find('c-1')).toMatchObject({ deletedAt: at(1) });
  });
});
