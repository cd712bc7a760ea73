import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { InvalidCursorError } from '../../ports/page.js';
import { MessageStore } from '../../ports/messages/message-store.js';
import type { MessageForRecipient } from '../../ports/messages/message-store.js';
import { CleanupStore } from '../../ports/messages/cleanup-store.js';
import { UnknownTemplateError } from '../../ports/notifications/template-renderer.js';
import {
  IN_MEMORY_ADAPTERS,
  IN_MEMORY_ADAPTER_PARTS,
  InMemoryMessages,
  InMemoryConversationStore,
  InMemoryEncryptedContentStore,
  InMemoryKeyProvider,
  PUBLISHED_KEY_ID,
  InMemoryMessageStore,
  InMemoryNotificationInbox,
  InMemoryNotificationLedger,
  InMemorySearchIndex,
  InMemoryTemplateRenderer,
} from './index.js';

const { signal } = new AbortController();
const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 12, minute));
const message = (n: number, change: Partial<MessageForRecipient> = {}): MessageForRecipient => ({
  ...{
    messageId: `m-${n}`,
    senderId: 'ada',
    recipientId: 'ben',
    conversationId: 'c-1',
    content: `text ${n}`,
  },
  ...{ encrypted: false, attachments: [], batchId: null, createdAt: at(n) },
  ...change,
});

describe('the in-memory adapters in a module', () => {
  it('stand behind their ports and share what they store', async () => {
    const module = await Test.createTestingModule({
      providers: [...IN_MEMORY_ADAPTERS, ...IN_MEMORY_ADAPTER_PARTS],
    }).compile();
    await module.get(MessageStore).save(message(1), signal);
    const selection = { kind: 'old_messages', before: at(2) } as const;
    expect(await module.get(CleanupStore).count(selection, signal)).toBe(1);
    for (const { provide, useClass } of IN_MEMORY_ADAPTERS)
      expect(module.get(provide)).toBeInstanceOf(useClass);
    await module.close();
  });
});

describe('InMemoryMessageStore', () => {
  it('lists a conversation newest first, page by page, whatever is added in between', async () => {
    const store = new InMemoryMessageStore(new InMemoryMessages());
    for (const n of [3, 1, 5, 2, 4]) await store.save(message(n), signal);
    await store.save(message(9, { conversationId: 'c-2' }), signal);
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.listConversation('c-1', { limit: 2, cursor });
      ids.push(...page.items.map(({ messageId }) => messageId));
      if (ids.length === 2) await store.save(message(6), signal);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(ids).toEqual(['m-5', 'm-4', 'm-3', 'm-2', 'm-1']);
    await expect(store.listConversation('c-1', { cursor: '%%' })).rejects.toBeInstanceOf(InvalidCursorError);
  });

  it('lists what is pending oldest first, and nothing that was sent', async () => {
    const store = new InMemoryMessageStore(new InMemoryMessages());
    for (const n of [3, 1, 2]) await store.save(message(n), signal);
    await store.advanceStatus({ messageId: 'm-1', recipientId: 'ben', status: 'sent', at: at(9) }, signal);
    const { items } = await store.listPending('ben');
    expect(items.map(({ messageId, recipientId }) => [messageId, recipientId])).toEqual([
      ['m-2', 'ben'],
      ['m-3', 'ben'],
    ]);
  });

  it('saves a message once and counts a batch by status', async () => {
    const store = new InMemoryMessageStore(new InMemoryMessages());
    expect(await store.save(message(1, { batchId: 'b' }), signal)).toBe('saved');
    expect(await store.save(message(1, { batchId: 'b' }), signal)).toBe('exists');
    expect(await store.save(message(1, { batchId: 'b', recipientId: 'cem' }), signal)).toBe('saved');
    const change = { messageId: 'm-1', recipientId: 'cem', status: 'read', at: at(2) } as const;
    expect(await store.advanceStatus(change, signal)).toBe('advanced');
    expect(await store.advanceStatus({ ...change, recipientId: 'dee' }, signal)).toBe('unknown');
    expect((await store.find('m-1'))?.content).toBe('text 1');
    expect(await store.countBatch('b')).toEqual({ pending: 1, sent: 0, delivered: 0, read: 1, failed: 0 });
  });

  it('hides deleted conversations', async () => {
    const data = new InMemoryMessages();
    const store = new InMemoryMessageStore(data);
    const conversations = new InMemoryConversationStore(data);
    await store.save(message(1), signal);
    await conversations.markDeleted('c-1', at(1));
    await conversations.markDeleted('c-1', at(5));
    expect((await store.listConversation('c-1')).items).toEqual([]);
    expect((await store.listPending('ben')).items).toEqual([]);
    expect(await conversations.find('c-1')).toEqual({
      conversationId: 'c-1',
      deletedAt: at(5),
      legalHold: false,
    });
  });
});

describe('InMemorySearchIndex', () => {
  const write = (index: InMemorySearchIndex, n: number, content: string, conversationId = 'c-1') =>
    index.indexMany(
      [{ messageId: `m-${n}`, senderId: 'ada', conversationId, content, createdAt: at(n), version: 1 }],
      signal,
    );
  const ids = async (index: InMemorySearchIndex, text: string): Promise<string[]> =>
    (await index.search(text)).items.map(({ messageId }) => messageId);

  it('finds every word, the last one also as a beginning, without case and accents', async () => {
    const index = new InMemorySearchIndex();
    await write(index, 1, 'Amélie waits at the harbour');
    await write(index, 2, 'The harbour is empty');
    expect(await ids(index, 'amelie HARB')).toEqual(['m-1']);
    expect(await ids(index, 'harbour')).toEqual(['m-2', 'm-1']);
    expect(await ids(index, 'harb is')).toEqual([]);
    for (const text of ['', '  ', '"', '*', 'a:b OR', "'; DROP TABLE"])
      expect(await ids(index, text)).toEqual([]);
  });

  it('marks matches in an excerpt as segments, markup staying text', async () => {
    const index = new InMemorySearchIndex();
    await write(index, 1, `${'x '.repeat(200)}see the <b>harbour</b> now`);
    const { items } = await index.search('harbour');
    const segments = items[0]?.highlights ?? [];
    expect(segments.filter(({ isMatch }) => isMatch).map(({ text }) => text)).toEqual(['harbour']);
    const excerpt = segments.map(({ text }) => text).join('');
    expect(excerpt).toContain('<b>harbour</b>');
    expect(excerpt.length).toBeLessThanOrEqual(200);
  });

  it('narrows and pages', async () => {
    const index = new InMemorySearchIndex();
    for (const n of [1, 2, 3]) await write(index, n, 'harbour');
    await write(index, 4, 'harbour', 'c-2');
    const first = await index.search('harbour', { conversationId: 'c-1', limit: 2 });
    const second = await index.search('harbour', {
      conversationId: 'c-1',
      limit: 2,
      cursor: first.nextCursor!,
    });
    const found = [...first.items, ...second.items].map(({ messageId }) => messageId);
    expect([found, second.nextCursor]).toEqual([['m-3', 'm-2', 'm-1'], null]);
    expect((await index.search('harbour', { senderId: 'ben' })).items).toEqual([]);
  });
});

describe('the other in-memory adapters', () => {
  it('keep the first ledger entry and the first inbox entry of a key', async () => {
    const ledger = new InMemoryNotificationLedger();
    const entry = {
      notificationId: 'n',
      target: 'push',
      recipientId: 'ben',
      type: 'push',
      at: at(1),
    } as const;
    await ledger.record({ ...entry, outcome: 'sent' }, signal);
    await ledger.record({ ...entry, outcome: 'expired' }, signal);
    expect(await ledger.list('n')).toMatchObject([{ outcome: 'sent' }]);
    const inbox = new InMemoryNotificationInbox();
    const note = {
      notificationId: 'n',
      recipientId: 'ben',
      title: 't',
      body: 'b',
      messageId: null,
      conversationId: null,

      createdAt: at(1),
    };
    expect(await inbox.add(note, signal)).toBe('added');
    expect(await inbox.add({ ...note, title: 'other' }, signal)).toBe('exists');
    expect(await inbox.markRead('cem', 'n', at(2))).toBe(false);
    expect(await inbox.markRead('ben', 'n', at(2))).toBe(true);
    expect(await inbox.markRead('ben', 'n', at(3))).toBe(true);
    expect((await inbox.list('ben')).items).toMatchObject([{ title: 't', readAt: at(2) }]);
  });

  it('replace an envelope only while it is the expected one', async () => {
    const store = new InMemoryEncryptedContentStore();
    const content = {
      messageId: 'm',
      envelope: 'e1',
      keyId: 'k',
      algorithm: 'AES-256-GCM',
      version: 1,
      writtenAt: new Date(1),
    } as const;
    await store.saveEncrypted(content, signal);
    expect(await store.replaceEncrypted('e0', { ...content, envelope: 'e2' }, signal)).toBe(false);
    expect(await store.replaceEncrypted('e1', { ...content, envelope: 'e2' }, signal)).toBe(true);
    expect((await store.findEncrypted('m'))?.envelope).toBe('e2');
  });

  it('name the variables of a template, and the templates that there are', async () => {
    const templates = new InMemoryTemplateRenderer();
    templates.setTemplate('hi', {
      title: '{{ a }}',
      text: '{{b}} {{ a }}',
      html: '<i>{{ c }}</i> {{ 1 + 1 }}',
    });
    expect(await templates.variablesOf('hi')).toEqual(['a', 'b', 'c']);
    const unknown = templates.render('ho', {});
    await expect(unknown).rejects.toBeInstanceOf(UnknownTemplateError);
    await expect(unknown).rejects.toThrow('Known templates: hi.');
  });

  it('make up a key that nobody else has, or take the one that everybody knows', async () => {
    const [one, other] = [new InMemoryKeyProvider(), new InMemoryKeyProvider()];
    const first = await one.current();
    expect(await one.current()).toBe(first);
    expect(first.secret).toHaveLength(32);
    expect(await one.byId(first.id)).toBe(first);
    expect(await other.byId(first.id)).toBeNull();
    const [published, again] = [true, true].map((isPublished) => new InMemoryKeyProvider({ isPublished }));
    expect(await published?.current()).toEqual(await again?.current());
    expect(await published?.ids()).toEqual([PUBLISHED_KEY_ID]);
  });
});
