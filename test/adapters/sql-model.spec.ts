import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import * as inMemory from '../../src/message-queue/adapters/in-memory/index.js';
import * as sql from '../../src/message-queue/adapters/sql/index.js';
import { SqlDatabase } from '../../src/message-queue/adapters/sql/index.js';
import type { CleanupSelection, CleanupStore } from '../../src/message-queue/ports/messages/cleanup-store.js';
import type { ConversationStore } from '../../src/message-queue/ports/messages/conversation-store.js';
import type { MessageStore } from '../../src/message-queue/ports/messages/message-store.js';
import type { TraceTarget } from '../../src/message-queue/ports/privacy/trace-holder.js';
import type { SearchIndex } from '../../src/message-queue/ports/search-index.js';
import { emptyTables } from '../support/empty-tables.js';
import { TestPostgres } from '../support/postgres-server.js';

/** Random sequences of calls give the same answers in SQL as in the in-memory adapters, which are maps. */

interface Stores {
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly cleanup: CleanupStore;
  readonly index: SearchIndex;
}

type Call = (stores: Stores) => Promise<unknown>;

const never = new AbortController().signal;
const MESSAGES = ['m0', 'm1', 'm2'] as const;
const PEOPLE = ['ben', 'cleo'] as const;
const CONVERSATIONS = ['c0', 'c1'] as const;
const WORDS = ['apple', 'apricot', 'Äpfel', 'banana', 'ban', 'cherry', 'OR', '"'] as const;

const message = fc.constantFrom(...MESSAGES);
const person = fc.constantFrom(...PEOPLE);
const time = fc.integer({ min: 0, max: 6 });
const text = fc
  .array(fc.constantFrom(...WORDS), { minLength: 0, maxLength: 4 })
  .map((words) => words.join(' '));
const conversationOf = (id: string): string => CONVERSATIONS[Number(id.slice(1)) % 2] ?? 'c0';

type NamedCall = readonly [string, Call];

const saving = fc.tuple(message, person).map(([messageId, recipientId]): NamedCall => [
  `save ${messageId} for ${recipientId}`,
  ({ messages }) =>
    messages.save(
      {
        ...{
          messageId,
          recipientId,
          senderId: 'ana',
          conversationId: conversationOf(messageId),
          content: 'text',
        },
        ...{
          encrypted: false,
          attachments: [],
          batchId: 'b',
          createdAt: new Date(Number(messageId.slice(1))),
        },
      },
      never,
    ),
]);

const advancing = fc
  .tuple(message, person, fc.constantFrom('pending', 'sent', 'delivered', 'read', 'failed'), time)
  .map(([messageId, recipientId, status, at]): NamedCall => [
    `advance ${messageId} of ${recipientId} to ${status} at ${at}`,
    ({ messages }) =>
      messages.advanceStatus({ messageId, recipientId, status, at: new Date(at), reason: `at ${at}` }, never),
  ]);

const claiming = fc
  .tuple(time, fc.integer({ min: 1, max: 3 }))
  .map(([before, limit]): NamedCall => [
    `claim ${limit} before ${before}`,
    ({ cleanup }) => cleanup.claim({ kind: 'old_messages', before: new Date(before) }, limit, never),
  ]);

const claimingOf = fc
  .constantFrom<CleanupSelection>(
    ...CONVERSATIONS.map((conversationId) => ({ kind: 'conversation', conversationId }) as const),
    ...[[], ['c0']].map(
      (exceptConversations) => ({ kind: 'sender', senderId: 'ana', exceptConversations }) as const,
    ),
    ...MESSAGES.map((messageId) => ({ kind: 'message', messageId }) as const),
  )
  .map((selection): NamedCall => [
    `count and claim ${JSON.stringify(selection)}`,
    async ({ cleanup }) => [await cleanup.count(selection, never), await cleanup.claim(selection, 2, never)],
  ]);

const holding = fc
  .tuple(fc.constantFrom(...CONVERSATIONS), fc.boolean())
  .map(([id, held]): NamedCall => [
    `hold ${id}: ${held}`,
    ({ conversations }) => conversations.setLegalHold(id, held),
  ]);

/** All at once: in which order a store takes its rows is its own affair. */
const erasing = fc
  .constantFrom<TraceTarget>(
    ...CONVERSATIONS.map((conversationId) => ({ kind: 'conversation', conversationId }) as const),
    ...[[], ['c0']].flatMap((exceptConversations) =>
      PEOPLE.map((subjectId) => ({ kind: 'subject', subjectId, exceptConversations }) as const),
    ),
  )
  .map((target): NamedCall => [
    `erase ${JSON.stringify(target)}`,
    async ({ messages, conversations }) => [
      await messages.countTraces(target, never),
      await messages.eraseTraces(target, 100, never),
      await conversations.countTraces(target, never),
      await conversations.eraseTraces(target, 100, never),
    ],
  ]);

const listing = fc
  .constantFrom('ana', ...PEOPLE)
  .map((id): NamedCall => [`conversations of ${id}`, ({ messages }) => messages.listConversationsOf(id)]);

const removing = fc
  .subarray([...MESSAGES])
  .map((ids): NamedCall => [`remove ${ids.join(' ')}`, ({ cleanup }) => cleanup.removeClaimed(ids, never)]);

const deleting = fc
  .tuple(fc.constantFrom(...CONVERSATIONS), time)
  .map(([id, at]): NamedCall => [
    `delete ${id} at ${at}`,
    ({ conversations }) => conversations.markDeleted(id, new Date(at)),
  ]);

const indexing = fc
  .array(fc.tuple(message, text, time), { minLength: 1, maxLength: 4 })
  .map((documents): NamedCall => [
    `index ${JSON.stringify(documents)}`,
    ({ index }) =>
      index.indexMany(
        documents.map(([messageId, content, version]) => ({
          ...{ messageId, content, version, conversationId: conversationOf(messageId), senderId: 'ana' },
          createdAt: new Date(version % 3),
        })),
        never,
      ),
  ]);

const unindexing = fc
  .tuple(fc.subarray([...MESSAGES], { maxLength: 1 }), time)
  .map(([ids, at]): NamedCall => [
    `remove ${ids.join(' ')} from the index`,
    ({ index }) => index.removeMany(ids, new Date(at), never),
  ]);

const erasingDocuments = fc
  .subarray([...MESSAGES], { minLength: 1, maxLength: 2 })
  .map((messageIds): NamedCall => [
    `erase ${messageIds.join(' ')} from the index`,
    ({ index }) => index.eraseTraces({ kind: 'messages', messageIds }, 100, never),
  ]);

const call: fc.Arbitrary<NamedCall> = fc.oneof(
  { weight: 1, arbitrary: claimingOf },
  { weight: 1, arbitrary: holding },
  { weight: 1, arbitrary: erasing },
  { weight: 1, arbitrary: listing },
  { weight: 1, arbitrary: erasingDocuments },
  { weight: 4, arbitrary: saving },
  { weight: 8, arbitrary: advancing },
  { weight: 1, arbitrary: claiming },
  { weight: 1, arbitrary: removing },
  { weight: 1, arbitrary: deleting },
  { weight: 4, arbitrary: indexing },
  { weight: 1, arbitrary: unindexing },
);

async function stateOf({ messages, cleanup, index }: Stores): Promise<unknown> {
  const found = await Promise.all(MESSAGES.map((id) => messages.find(id)));
  const searches = WORDS.flatMap((word) => [index.search(word, { limit: 2 }), index.search(`apple ${word}`)]);
  return {
    found: found.map(
      (one) =>
        one && {
          ...one,
          recipients: [...one.recipients].sort((a, b) => (a.recipientId < b.recipientId ? -1 : 1)),
        },
    ),
    pending: await Promise.all(PEOPLE.map((id) => messages.listPending(id, { limit: 2 }))),
    listed: (await messages.listConversation('c0')).items.map((one) => one.messageId),
    counts: await messages.countBatch('b'),
    old: await cleanup.count({ kind: 'old_messages', before: new Date(3) }, never),
    deleted: await cleanup.count({ kind: 'deleted_conversations', before: new Date(3) }, never),
    searches: await Promise.all(searches),
  };
}

function inMemoryStores(): Stores {
  const data = new inMemory.InMemoryMessages();
  const messages = new inMemory.InMemoryMessageStore(data);
  const conversations = new inMemory.InMemoryConversationStore(data);
  return {
    ...{ messages, conversations },
    cleanup: new inMemory.InMemoryCleanupStore(data),
    index: new inMemory.InMemorySearchIndex(undefined, conversations, undefined, messages),
  };
}

async function behavesTheSame(calls: readonly NamedCall[], database: SqlDatabase): Promise<void> {
  const real: Stores = {
    messages: new sql.SqlMessageStore(database),
    conversations: new sql.SqlConversationStore(database),
    cleanup: new sql.SqlCleanupStore(database),
    index: new sql.SqlSearchIndex(database),
  };
  const model = inMemoryStores();
  for (const [name, run] of calls) expect([name, await run(real)]).toEqual([name, await run(model)]);
  expect(await stateOf(real)).toEqual(await stateOf(model));
}

const CALLS = fc.array(call, { minLength: 1, maxLength: 40, size: 'max' });

describe('random sequences of calls', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mq-sql-model-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('give the same in SQLite as in memory', async () => {
    const property = fc.asyncProperty(CALLS, async (calls) => {
      const database = await SqlDatabase.open({ url: join(directory, `${randomUUID()}.db`) });
      try {
        await behavesTheSame(calls, database);
      } finally {
        await database.close();
      }
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it('give the same in PostgreSQL as in memory', async () => {
    const server = await TestPostgres.start();
    const database = await SqlDatabase.open({ url: await server.createDatabase() });
    try {
      const property = fc.asyncProperty(CALLS, async (calls) => {
        await emptyTables(database);
        await behavesTheSame(calls, database);
      });
      await fc.assert(property, { numRuns: 20 });
    } finally {
      await database.close();
      await server.stop();
    }
  });
});
