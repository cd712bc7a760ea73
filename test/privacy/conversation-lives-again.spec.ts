import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { sqlStoreAdapters } from '../../src/message-queue/adapters/sql/index.js';
import { SqlDatabase } from '../../src/message-queue/adapters/sql/database/sql-database.js';
import { MessageQueueService } from '../../src/message-queue/index.js';
import { ConversationStore, MessageStore } from '../../src/message-queue/ports/index.js';
import { ManagedQueues } from '../../src/message-queue/broker/managed-queues.js';
import { MessageQueueTestingModule, MessageQueueTestKit } from '../../src/message-queue/testing/index.js';

const NOW = Date.UTC(2026, 5, 1);
const DAY = 86_400_000;
const TEXT = 'quokka-diagnosis';
const directory = mkdtempSync(join(tmpdir(), 'mq-deleted-'));

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Every column of every table that the database has, with the rows in which a text stands. */
async function placesOf(database: SqlDatabase, text: string): Promise<string[]> {
  const { sql } = database;
  return database.run('look into every table', undefined, async (db) => {
    const tables = await sql<{ name: string }>`SELECT name FROM sqlite_master WHERE type = 'table'`.execute(
      db,
    );
    const places: string[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await sql`SELECT * FROM ${sql.table(name)}`.execute(db);
      if (JSON.stringify(rows).includes(text)) places.push(name);
    }
    return places;
  });
}

it('leaves nothing of a deleted conversation in any table or job once it was cleaned up, and all of its new life', async () => {
  const app = await Test.createTestingModule({
    imports: [
      MessageQueueTestingModule.register({
        now: NOW,
        adapters: [...sqlStoreAdapters({ url: `file:${join(directory, 'chat.db')}` })],
      }),
    ],
  }).compile();
  await app.init();
  const [mq, kit] = [
    app.get(MessageQueueService, { strict: false }),
    app.get(MessageQueueTestKit, { strict: false }),
  ];
  const database = app.get(SqlDatabase, { strict: false });
  const place = { conversationId: 'dm', createdAt: new Date(NOW) };
  const message = { ...place, messageId: 'm1', senderId: 'ada' };
  const told = { recipientId: 'ben', type: 'in_app', title: 'Ada', message: TEXT } as const;
  await mq.addMessageDeliveryJob({ ...message, recipientId: 'ben', content: TEXT });
  await mq.addIndexingJob({ ...message, operation: 'index', content: TEXT });
  await mq.addNotificationJob({ ...told, ...place });
  await mq.addNotificationJob({ ...told, messageId: 'm1', createdAt: new Date(NOW) });
  await mq.addBatchMessageJob({ senderId: 'ada', recipientIds: ['ben'], content: TEXT, ...place });
  // Of no stored message: only the conversation leads there.
  await mq.addIndexingJob({ ...message, messageId: 'm2', operation: 'index', content: TEXT });
  await mq.addEncryptionJob({ ...place, messageId: 'm3', operation: 'encrypt', content: TEXT });
  await kit.drain();
  await mq.addEncryptionJob({ ...place, messageId: 'm3', operation: 'decrypt' });
  await kit.drain();
  const waiting = await mq.addMessageDeliveryJob(
    { ...message, messageId: 'm4', recipientId: 'ben', content: TEXT },
    { delay: 300 * DAY },
  );
  expect((await placesOf(database, TEXT)).length).toBeGreaterThan(3);
  await app.get(ConversationStore, { strict: false }).markDeleted('dm', new Date(NOW));
  await kit.advance('1h');
  const alive = { ...message, messageId: 'm5', createdAt: new Date(NOW + 3_600_000) };
  await mq.addMessageDeliveryJob({ ...alive, recipientId: 'ben', content: 'still here' });
  await kit.advance('40d');
  await mq.addCleanupJob({ cleanupType: 'deleted_conversations', createdAt: new Date(NOW) });
  await kit.drain();
  expect(await placesOf(database, TEXT)).toEqual([]);
  const queues = app.get(ManagedQueues, { strict: false });
  const left: string[] = [];
  for (const name of queues.names()) {
    const { broker, queue } = queues.get(name);
    for await (const page of broker.jobsOf(queue).holding(['"dm"']))
      left.push(...page.map(({ data }) => data));
  }
  expect(left.filter((data) => !data.includes('"m5"'))).toEqual([]);
  expect(await mq.getJob('message-delivery', waiting.id)).toBeNull();
  const { items } = await app.get(MessageStore, { strict: false }).listConversation('dm');
  expect(items.map(({ messageId }) => messageId)).toEqual(['m5']);
  await app.close();
});
