import type { INestApplication } from '@nestjs/common';
import type { Queue } from 'bull';
import { sql } from 'kysely';
import { getQueueToken, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import type { SqlDatabase } from '../../src/message-queue/adapters/sql/index.js';
import {
  AttachmentFiles,
  AttachmentStore,
  BatchProgressStore,
  ConversationMembers,
  ConversationStore,
  DeviceTokenStore,
  EncryptedContentStore,
  MessageStore,
  NotificationInbox,
  NotificationLedger,
  NotificationPreferences,
  SuppressionStore,
  SearchIndex,
} from '../../src/message-queue/ports/index.js';

/** Who is erased, what they wrote, and somebody who stays. */
export const EVA = 'user-7-eva';
export const BEN = 'user-8-ben';
const CAT = 'user-9-cat';
/** In what Eva wrote. */
export const MARK = 'MARKEVA5d1QUINCE';
/** In what the others wrote. */
export const KEPT = 'KEPTBEN8c2PLUM';

/** Eva's conversations: with Ben, with Ben under legal hold, and alone; and one that she has no part in. */
export const PAIR = 'c-pair';
export const HELD = 'c-held';
export const OWN = 'c-own';
export const FAR = 'c-far';

const never = new AbortController().signal;
const DAY_MS = 86_400_000;
const createdAt = new Date(Date.UTC(2026, 0, 1));

/** One message with everything that stores keep beside it. */
async function write(
  app: INestApplication,
  given: Record<'messageId' | 'senderId' | 'recipientId' | 'conversationId' | 'content', string>,
): Promise<void> {
  const { messageId, senderId, recipientId, conversationId, content } = given;
  await app
    .get(MessageStore)
    .save({ ...given, encrypted: false, attachments: [], batchId: `batch-${messageId}`, createdAt }, never);
  await app
    .get(SearchIndex)
    .indexMany(
      [{ messageId, senderId, conversationId, content, createdAt, version: createdAt.getTime() }],
      never,
    );
  const contents = app.get(EncryptedContentStore);
  const version = createdAt.getTime();
  const writtenAt = createdAt;
  await contents.saveDecrypted({ messageId, conversationId, content, version, writtenAt }, never);
  await contents.saveEncrypted(
    {
      messageId,
      conversationId,
      envelope: `mq1.${content}`,
      keyId: 'k-1',
      algorithm: 'AES-256-GCM',
      version,
      writtenAt,
    },
    never,
  );
  const fileKey = `${messageId}.txt`;
  await app
    .get(AttachmentStore)
    .save({ id: `a-${messageId}`, messageId, fileKey, expiresAt: null, legalHold: false }, never);
  await app.get(AttachmentFiles).write(fileKey, Buffer.from(content), never);
  await app.get(NotificationInbox).add(
    {
      notificationId: `n-${messageId}`,
      recipientId,
      title: 'New',
      body: content,
      messageId,
      conversationId,
      createdAt,
    },
    never,
  );
  await app.get(NotificationLedger).record(
    {
      notificationId: `n-${messageId}`,
      target: 'd-1',
      recipientId,
      type: 'in_app',
      outcome: 'sent',
      at: createdAt,
      messageId,
      conversationId,
    },
    never,
  );
  await app.get(BatchProgressStore).save(
    {
      batchId: `batch-${messageId}`,
      segment: 0,
      chunksDone: 1,
      totalChunks: 1,
      recipients: 1,
      sent: 1,
      failed: 0,
      skipped: 0,
      savedAt: createdAt,
    },
    never,
  );
}

/** What is known of a person beside messages. */
async function introduce(app: INestApplication, recipientId: string, text: string): Promise<void> {
  await app
    .get(DeviceTokenStore)
    .register(
      { deviceId: `device-${recipientId}`, recipientId, platform: 'fcm', token: `token-${text}` },
      never,
    );
  await app
    .get(SuppressionStore)
    .add(
      { channel: 'email', destination: text, recipientId, reason: 'bounced', detail: null, at: createdAt },
      never,
    );
  await app.get(NotificationPreferences).save({ recipientId, optedOut: ['sms'], quietHours: null }, never);
}

/** Jobs that wait for a person's messages, none of which runs before tomorrow. */
async function enqueue(
  app: INestApplication,
  senderId: string,
  recipientId: string,
  conversationId: string,
  content: string,
): Promise<void> {
  const service = app.get(MessageQueueService);
  const messageId = `job-${senderId}-${conversationId}`;
  const message = { messageId, senderId, recipientId, conversationId, createdAt };
  const later = { delay: DAY_MS };
  await service.addMessageDeliveryJob({ ...message, content }, { ...later, idempotencyKey: messageId });
  await service.addIndexingJob(
    { messageId, senderId, conversationId, operation: 'index', content, createdAt },
    later,
  );
  await service.addNotificationJob(
    {
      recipientId: senderId,
      type: 'in_app',
      title: content,
      message: content,
      messageId,
      conversationId,
      createdAt,
    },
    later,
  );
}

/** Fills every store and the queues with what Eva, Ben and Cat wrote and are known by. */
export async function furnish(app: INestApplication): Promise<void> {
  const members = app.get(ConversationMembers);
  await members.found(PAIR, [EVA, BEN]);
  await members.found(HELD, [EVA, BEN]);
  await members.found(OWN, [EVA]);
  await members.found(FAR, [BEN, CAT]);
  const from = (senderId: string, recipientId: string) => ({ senderId, recipientId });
  for (let at = 0; at < 3; at += 1) {
    await write(app, {
      messageId: `m-pair-eva-${at}`,
      conversationId: PAIR,
      content: `${MARK} harbour ${at}`,
      ...from(EVA, BEN),
    });
    await write(app, {
      messageId: `m-pair-ben-${at}`,
      conversationId: PAIR,
      content: `${KEPT} harbour ${at}`,
      ...from(BEN, EVA),
    });
    await write(app, {
      messageId: `m-held-eva-${at}`,
      conversationId: HELD,
      content: `HELD harbour ${at}`,
      ...from(EVA, BEN),
    });
    await write(app, {
      messageId: `m-own-${at}`,
      conversationId: OWN,
      content: `${MARK} alone ${at}`,
      ...from(EVA, EVA),
    });
    await write(app, {
      messageId: `m-far-${at}`,
      conversationId: FAR,
      content: `${KEPT} far ${at}`,
      ...from(CAT, BEN),
    });
  }
  await introduce(app, EVA, MARK);
  await introduce(app, BEN, KEPT);
  await enqueue(app, EVA, BEN, PAIR, MARK);
  await enqueue(app, EVA, BEN, HELD, 'HELD');
  await enqueue(app, EVA, EVA, OWN, MARK);
  await enqueue(app, CAT, BEN, FAR, KEPT);
  await app.get(ConversationStore).setLegalHold(HELD, true);
}

/** Jobs of the built-in queues by conversation, as their readable fields tell. */
export async function jobsOf(app: INestApplication): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of Object.values(QueueName)) {
    const queue = app.get<Queue<{ conversationId?: string } | null>>(getQueueToken(name));
    for (const job of await queue.getJobs(['waiting', 'delayed', 'active', 'failed', 'completed'])) {
      const of = job.data?.conversationId ?? 'none';
      counts[of] = (counts[of] ?? 0) + 1;
    }
  }
  return counts;
}

/** Every row of every table of ours, as text. */
export async function rowsOf(database: SqlDatabase): Promise<string[]> {
  const tables = await database.run('list tables', undefined, (db) =>
    (database.dialect === 'sqlite'
      ? sql<{ name: string }>`select name from sqlite_master where type = 'table' and name like 'mq_%'`
      : sql<{ name: string }>`select tablename as name from pg_tables where tablename like 'mq_%'`
    ).execute(db),
  );
  const rows: string[] = [];
  for (const { name } of tables.rows) {
    const found = await database.run('read a table', undefined, (db) =>
      sql`select * from ${sql.table(name)}`.execute(db),
    );
    rows.push(...found.rows.map((row) => `${name} ${JSON.stringify(row)}`));
  }
  return rows.sort();
}
