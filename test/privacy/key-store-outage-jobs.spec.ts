import { Module } from '@nestjs/common';
import type { Queue } from 'bull';
import { IsString } from 'class-validator';
import { sqlStoreAdapters } from '../../src/message-queue/adapters/sql/index.js';
import {
  defineQueue,
  getQueueToken,
  Identifies,
  JobHandler,
  KeyScope,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../../src/message-queue/index.js';
import type { JobContext } from '../../src/message-queue/index.js';
import { AuditTrail, DataKeyStore, KeyProvider } from '../../src/message-queue/ports/index.js';
import * as ports from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';
import { KeyRing } from '../support/key-ring.js';
import { TestPostgres } from '../support/postgres-server.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class LetterDto {
  @Identifies('message') @IsString() letterId!: string;
  @Identifies('subject') @IsString() personId!: string;
  @KeyScope('conversation') @IsString() conversationId!: string;
  @IsString() text!: string;
}

const LETTERS = defineQueue({
  ...{ name: 'letters', description: 'Letters.', sealed: true, jobs: { read: LetterDto } },
  ...{ concurrency: 10, attempts: 1, backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 30_000 },
});

@Processor(LETTERS.name)
class LetterProcessor {
  static readonly read: string[] = [];
  static readonly attempts = new Set<number>();

  @JobHandler(LETTERS, 'read')
  async read({ letterId }: LetterDto, { attempt }: JobContext): Promise<void> {
    LetterProcessor.read.push(letterId);
    LetterProcessor.attempts.add(attempt);
  }
}

@Module({ imports: [MessageQueueModule.registerQueue(LETTERS)], providers: [LetterProcessor] })
class LettersModule {}

/** Everything that the database serves beside the data keys and the audit stays in memory: only those are away. */
const OTHERS = [
  ...[ports.AttachmentStore, ports.BatchProgressStore, ports.CleanupStore, ports.ConversationMembers],
  ...[ports.ConversationStore, ports.DeviceTokenStore, ports.EncryptedContentStore, ports.MessageStore],
  ...[ports.NotificationInbox, ports.NotificationLedger, ports.NotificationPreferences],
  ...[ports.RecipientContacts, ports.SearchIndex, AuditTrail],
];
const PER_SPELL = 300;

describe('jobs while the data key store is away', () => {
  let redis: TestRedis;
  let postgres: TestPostgres;
  const apps = new HostApps();
  beforeAll(async () => {
    [redis, postgres] = await Promise.all([TestRedis.start(), TestPostgres.start()]);
  });
  afterAll(async () => {
    await apps.close();
    await Promise.all([redis.stop(), postgres.stop()]);
  });

  it('are neither lost nor dead, and spend no attempt', async () => {
    const url = await postgres.createDatabase();
    const adapters = [
      ...sqlStoreAdapters({ url, except: OTHERS }),
      { provide: KeyProvider, useValue: new KeyRing() },
    ];
    const module = MessageQueueModule.forRoot({
      ...{ provider: 'redis', redis: { url: redis.url }, environment: 'test', adapters },
      privacy: { keyCache: { forMs: 1_000 } },
      board: { enabled: false },
    });
    const app = await apps.start({ imports: [module, LettersModule] });
    expect(app.get(DataKeyStore).constructor.name).toBe('SqlDataKeyStore');
    const service = app.get(MessageQueueService);
    const taken: string[] = [];
    let refused = 0;
    const add = async (): Promise<void> => {
      const letterId = `l-${taken.length + refused}`;
      const about = { personId: 'ada', conversationId: `c-${taken.length % 20}`, text: 'a text' };
      try {
        await service.enqueue(LETTERS, 'read', { letterId, ...about });
        taken.push(letterId);
      } catch (error) {
        expect(error).toMatchObject({ code: 'KEY_UNAVAILABLE' });
        refused += 1;
      }
    };
    const spell = async (): Promise<void> => {
      for (let at = 0; at < PER_SPELL; at += 1) await add();
    };
    await spell();
    await postgres.kill();
    await spell();
    const whileAway = taken.length;
    expect(whileAway).toBe(2 * PER_SPELL);
    expect(LetterProcessor.read.length).toBeLessThan(whileAway);
    await postgres.spawn();
    await spell();
    await waitUntil(() => LetterProcessor.read.length >= taken.length, 'all letters to be read');

    expect([...LetterProcessor.read].sort()).toEqual([...taken].sort());
    expect([...LetterProcessor.attempts]).toEqual([1]);
    const counts = await app.get<Queue>(getQueueToken(LETTERS.name)).getJobCounts();
    expect(counts).toMatchObject({ failed: 0, waiting: 0, delayed: 0 });
  });
});
