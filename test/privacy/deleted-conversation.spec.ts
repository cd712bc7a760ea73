import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { filesystemAdapters } from '../../src/message-queue/adapters/filesystem/index.js';
import { SqlDatabase, sqlStoreAdapters } from '../../src/message-queue/adapters/sql/index.js';
import { MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { AttachmentFiles, ConversationStore } from '../../src/message-queue/ports/index.js';
import { placesWith } from '../support/everything-kept.js';
import type { Keeping } from '../support/everything-kept.js';
import { HostApps } from '../support/host-app.js';
import { TestPostgres } from '../support/postgres-server.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import {
  CONVERSATION,
  HELD_DIGESTS,
  ID,
  KEPT,
  MarkedConversation,
  TEXT,
} from './marked-conversation.fixture.js';
import { ForwardClock, outsideWorld } from './outside-world.fixture.js';

const DAY_MS = 86_400_000;
/** Where a text certainly stands before: a path that nobody took would prove nothing. */
const STORED = [
  `file ${ID}-first.txt`,
  ...['mq_decrypted_contents.content', 'mq_message_recipients.failure_reason', 'mq_messages.content'],
  ...['mq_messages.attachments', 'mq_notification_inbox.body', 'mq_search_documents.content'],
].map((place) => (place.startsWith('file') ? place : `table ${place}`));
/** That a message was removed, so that no late index job brings it back. Ids in memory are those of caches that are bounded. */
const TOMBSTONE = 'table mq_search_documents.message_id';
const isKey = (place: string): boolean => place.startsWith('key ');
const isInMemory = (place: string): boolean => place.startsWith('memory ');

/**
 * Whatever an app keeps of a conversation is gone once it was deleted and cleaned up. Nobody lists the places: the catalog, SCAN, the directory
 * and the app's own services do, so that a place of which no trace holder knows fails here.
 */
describe('A conversation that was deleted and cleaned up', () => {
  const root = mkdtempSync(join(tmpdir(), 'mq-deleted-'));
  const apps = new HostApps();
  let redis: TestRedis;
  let client: Redis;
  let postgres: TestPostgres;
  let stages = 0;

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([TestRedis.start(), TestPostgres.start()]);
    client = redis.client();
  });
  beforeEach(() => client.flushall());
  afterEach(() => apps.close());
  afterAll(async () => {
    client.disconnect();
    await Promise.all([redis.stop(), postgres.stop()]);
    rmSync(root, { recursive: true, force: true });
  });

  interface Stage extends Keeping {
    readonly clock: ForwardClock;
  }

  async function start(
    provider: 'memory' | 'redis',
    url: string | null,
    sealing: 'on' | 'off',
  ): Promise<Stage> {
    stages += 1;
    const clock = new ForwardClock();
    const directory = join(root, `files-${stages}`);
    const kept = url === null ? [] : [...sqlStoreAdapters({ url }), ...filesystemAdapters({ directory })];
    const options: MessageQueueModuleOptions = {
      ...{ provider, environment: 'test', board: { enabled: false }, queues: HELD_DIGESTS },
      ...{ acceptInMemory: true, privacy: { sealing }, adapters: [...outsideWorld(clock), ...kept] },
      ...(provider === 'redis' && { redis: { url: redis.url }, prefix: `deleted-${stages}` }),
    };
    const app = await apps.start({ imports: [MessageQueueModule.forRoot(options)] });
    return {
      ...{ app, clock },
      ...(provider === 'redis' && { client }),
      ...(url !== null && { directory }),
    };
  }

  /** Both conversations through every path. */
  async function fill(app: INestApplication): Promise<void> {
    const conversations = [
      new MarkedConversation(app, CONVERSATION, TEXT, ID),
      new MarkedConversation(app, 'living', KEPT, 'alive'),
    ];
    for (const conversation of conversations) await conversation.fill();
    for (const conversation of conversations) await conversation.addUnfinished();
  }

  async function cleanUp({ app, clock }: Stage): Promise<void> {
    await app.get(ConversationStore).markDeleted(CONVERSATION, new Date());
    clock.aheadMs = 31 * DAY_MS;
    const service = app.get(MessageQueueService);
    const { id } = await service.addCleanupJob({
      cleanupType: 'deleted_conversations',
      createdAt: new Date(),
    });
    const state = async () => (await service.getJob('message-cleanup', id))?.getState();
    await waitUntil(async () => /completed|failed/.test(String(await state())), 'the clean-up to end');
    expect(await state()).toBe('completed');
  }

  const file = (): Promise<string> => Promise.resolve(join(root, `${stages}.db`));
  const PLACES = [
    ['memory', 'memory', 'on', () => Promise.resolve(null)],
    ['memory', 'SQLite', 'off', file],
    ['memory', 'PostgreSQL', 'on', () => postgres.createDatabase()],
    ['redis', 'SQLite', 'on', file],
    ['redis', 'PostgreSQL', 'off', () => postgres.createDatabase()],
  ] as const;

  it.each(PLACES)('leaves nothing in %s and %s with sealing %s', async (provider, _, sealing, database) => {
    const url = await database();
    const stage = await start(provider, url, sealing);
    await fill(stage.app);
    const sent = await placesWith([TEXT], stage);
    expect(sent).toEqual(expect.arrayContaining(url === null ? [] : STORED));
    // Whoever looks sees it in the jobs of all five queues that have texts, but where they are sealed.
    const queues = new Set(sent.filter(isKey).map((place) => place.split(':')[1]));
    expect(queues.size).toBe(provider === 'redis' && sealing === 'off' ? 5 : 0);
    const living = await placesWith([KEPT, 'alive-'], stage);
    await cleanUp(stage);
    expect(await placesWith([TEXT], stage)).toEqual([]);
    const named = await placesWith([ID, JSON.stringify(CONVERSATION)], stage);
    expect(named.filter((place) => !isInMemory(place) && place !== TOMBSTONE)).toEqual([]);
    const left = await placesWith([KEPT, 'alive-'], stage);
    const isStored = (place: string): boolean => !isKey(place) && !isInMemory(place);
    expect(left.filter(isStored)).toEqual(living.filter(isStored));
    expect(left.some(isKey)).toBe(provider === 'redis');
  });

  it('is found in a table, a key and a file of which no trace holder knows', async () => {
    const stage = await start('redis', await file(), 'on');
    const { sql } = stage.app.get(SqlDatabase);
    await stage.app.get(SqlDatabase).run('add a table', undefined, async (db) => {
      await sql`CREATE TABLE drafts (body TEXT)`.execute(db);
      await sql`INSERT INTO drafts VALUES (${TEXT})`.execute(db);
    });
    await client.hset('drafts', 'last', TEXT);
    await stage.app.get(AttachmentFiles).write('draft.txt', Buffer.from(TEXT));
    await cleanUp(stage);
    expect(await placesWith([TEXT], stage)).toEqual(['file draft.txt', 'key drafts', 'table drafts.body']);
  });
});
