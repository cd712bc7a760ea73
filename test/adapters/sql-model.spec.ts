import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import * as recording from '../../src/message-queue/adapters/recording/index.js';
import * as sql from '../../src/message-queue/adapters/sql/index.js';
import { SqlDatabase } from '../../src/message-queue/adapters/sql/index.js';
import type { CleanupStore } from '../../src/message-queue/ports/cleanup-store.js';
import type { ConversationStore } from '../../src/message-queue/ports/conversation-store.js';
import type { MessageStore } from '../../src/message-queue/ports/message-store.js';
import type { SearchIndex } from '../../src/message-queue/ports/search-index.js';
import { TestPostgres } from '../support/postgres-server.js';

/** Random sequences of calls give the same answers in SQL as in the recording adapters, which are plain maps. */

interface Stores {
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly cleanup: CleanupStore;
  readonly index: SearchIndex;
}

type Call = (stores: Stores) => Promise<unknown>;

const never = new AbortController().signal;
const MESSAGES = ['m0', 'm1', 'm2', 'm3', 'm4'] as const;
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

const call: fc.Arbitrary<readonly [string, Call]> = fc.oneof(
  fc.tuple(message, person).map(([messageId, recipientId]): readonly [string, Call] => [
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
  ]),
  fc
    .tuple(message, person, fc.constantFrom('sent', 'delivered', 'read', 'failed'), time)
    .map(([messageId, recipientId, status, at]): readonly [string, Call] => [
      `advance ${messageId} of ${recipientId} to ${status} at ${at}`,
      ({ messages }) =>
        messages.advanceStatus(
          { messageId, recipientId, status, at: new Date(at), reason: `at ${at}` },
          never,
        ),
    ]),
  fc
    .tuple(time, fc.integer({ min: 1, max: 3 }))
    .map(([before, limit]): readonly [string, Call] => [
      `claim ${limit} before ${before}`,
      ({ cleanup }) => cleanup.claim({ kind: 'old_messages', before: new Date(before) }, limit, never),
    ]),
  fc
    .subarray([...MESSAGES])
    .map((ids): readonly [string, Call] => [
      `remove ${ids.join(' ')}`,
      ({ cleanup }) => cleanup.removeClaimed(ids, never),
    ]),
  fc
    .tuple(fc.constantFrom(...CONVERSATIONS), time)
    .map(([id, at]): readonly [string, Call] => [
      `delete ${id} at ${at}`,
      ({ conversations }) => conversations.markDeleted(id, new Date(at)),
    ]),
  fc
    .array(fc.tuple(message, text, time), { minLength: 1, maxLength: 4 })
    .map((documents): readonly [string, Call] => [
      `index ${JSON.stringify(documents)}`,
      ({ index }) =>
        index.indexMany(
          documents.map(([messageId, content, version]) => ({
            ...{ messageId, content, version, conversationId: conversationOf(messageId), senderId: 'ana' },
            createdAt: new Date(version % 3),
          })),
          never,
        ),
    ]),
  fc
    .tuple(fc.subarray([...MESSAGES], { maxLength: 1 }), time)
    .map(([ids, at]): readonly [string, Call] => [
      `remove ${ids.join(' ')} from the index`,
      ({ index }) => index.removeMany(ids, new Date(at), never),
    ]),
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

function recordingStores(): Stores {
  const data = new recording.RecordedMessages();
  return {
    messages: new recording.RecordingMessageStore(data),
    conversations: new recording.RecordingConversationStore(data),
    cleanup: new recording.RecordingCleanupStore(data),
    index: new recording.RecordingSearchIndex(),
  };
}

async function behavesTheSame(calls: readonly (readonly [string, Call])[], url: string): Promise<void> {
  const database = await SqlDatabase.open({ url });
  try {
    const real: Stores = {
      messages: new sql.SqlMessageStore(database),
      conversations: new sql.SqlConversationStore(database),
      cleanup: new sql.SqlCleanupStore(database),
      index: new sql.SqlSearchIndex(database),
    };
    const model = recordingStores();
    for (const [name, run] of calls) expect([name, await run(real)]).toEqual([name, await run(model)]);
    expect(await stateOf(real)).toEqual(await stateOf(model));
  } finally {
    await database.close();
  }
}

const CALLS = fc.array(call, { minLength: 1, maxLength: 30 });

describe('random sequences of calls', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mq-sql-model-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('give the same in SQLite as in memory', async () => {
    let files = 0;
    await fc.assert(
      fc.asyncProperty(CALLS, (calls) => behavesTheSame(calls, join(directory, `${(files += 1)}.db`))),
      { numRuns: 100 },
    );
  }, 60_000);

  it('give the same in PostgreSQL as in memory', async () => {
    const server = await TestPostgres.start();
    try {
      await fc.assert(
        fc.asyncProperty(CALLS, async (calls) => behavesTheSame(calls, await server.createDatabase())),
        { numRuns: 15 },
      );
    } finally {
      await server.stop();
    }
  }, 60_000);
});
