import { createHmac, hkdfSync, randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { SystemClock } from '../../src/kernel/time/clock.js';
import { fingerprintOf } from '../../src/message-queue/admission/fingerprint.js';
import { MessageQueueModule, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { KeyProvider } from '../../src/message-queue/ports/index.js';
import { AppCodecKeys } from '../../src/message-queue/privacy/keys/app-codec-keys.js';
import { HostApps } from '../support/host-app.js';
import { KeyRing } from '../support/key-ring.js';
import { TestRedis } from '../support/redis-server.js';

/** What a school nurse writes can be listed: a pupil, and one of few findings. */
const FINDINGS = ['has a fever', 'has lice', 'was bitten', 'needs insulin', 'may go home'];
const PUPILS = 40_001;
const WRITTEN = `Pupil ${PUPILS - 1} may go home`;

const IDS = { messageId: 'm-1', senderId: 'nurse', recipientId: 'parent', conversationId: 'c-1' };
const [JOB, KEY] = ['send-message', 'visit-7'];

function* guesses(): Generator<string> {
  for (let pupil = 0; pupil < PUPILS; pupil += 1) {
    for (const finding of FINDINGS) yield `Pupil ${pupil} ${finding}`;
  }
}

/** What the ledger says of the one key that it knows. */
async function ledgerEntry(client: Redis, prefix: string): Promise<string> {
  const [key = ''] = await client.keys(`${prefix}:${QueueName.MESSAGE_DELIVERY}:mq:once:*`);
  return (await client.get(key)) ?? '';
}

/** The texts that stand in Redis and might be the secret of a fingerprint. */
function textsIn(entry: string): (string | Buffer)[] {
  const [keyId = ''] = entry.split('.');
  return ['', QueueName.MESSAGE_DELIVERY, keyId, Buffer.from(keyId, 'base64url')];
}

/**
 * Tries every guess as whoever has read Redis and this library would: hashed as payloads are, plainly, and under each secret that they
 * can think of. @returns the guess that fits, and how many were tried
 */
function guessed(
  entry: string,
  secrets: readonly (string | Buffer)[],
): { readonly found: string | null; readonly tried: number } {
  const [fingerprint = ''] = entry.split(' ');
  let tried = 0;
  let found: string | null = null;
  for (const content of guesses()) {
    tried += 1;
    const digest = fingerprintOf({ ...IDS, content }, JOB);
    const keyed = `${QueueName.MESSAGE_DELIVERY} ${digest} ${KEY}`;
    const fits =
      fingerprint.includes(digest) ||
      secrets.some((secret) =>
        fingerprint.includes(createHmac('sha256', secret).update(keyed).digest('base64url')),
      );
    if (fits) found = content;
  }
  return { found, tried };
}

/** What fingerprints of the queue are made with: nobody has it who does not have the ring. */
async function secretOf(ring: KeyProvider): Promise<Buffer> {
  const keys = new AppCodecKeys(null, ring, new SystemClock(), { keys: 1, forMs: 60_000 });
  const { secret } = await keys.fingerprintKey('conversation:c-1', QueueName.MESSAGE_DELIVERY);
  return Buffer.from(hkdfSync('sha256', secret, '', 'mq fingerprint', 32));
}

describe('Whoever holds Redis, and guesses what a message with an idempotency key says,', () => {
  const apps = new HostApps();
  let redis: TestRedis;
  let client: Redis;

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = redis.client();
  });
  afterEach(() => apps.close());
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });

  async function entryOf(
    privacy: MessageQueueModuleOptions['privacy'],
    ring = new KeyRing(),
  ): Promise<string> {
    const prefix = `guesses-${randomUUID()}`;
    const module = MessageQueueModule.forRoot({
      ...{ provider: 'redis', redis: { url: redis.url }, prefix, environment: 'test', autoStart: false },
      ...{ privacy, adapters: [{ provide: KeyProvider, useValue: ring }] },
    });
    const service = (await apps.start({ imports: [module] })).get(MessageQueueService);
    const message = { ...IDS, content: WRITTEN, createdAt: new Date() };
    await service.addMessageDeliveryJob(message, { idempotencyKey: KEY });
    return ledgerEntry(client, prefix);
  }

  it('finds nothing in 200 005 guesses, the right one among them', async () => {
    const entry = await entryOf({ sealing: 'on' });
    expect(entry).toMatch(/^\S{66} m_/);
    expect(guessed(entry, textsIn(entry))).toEqual({ found: null, tried: 200_005 });
  }, 300_000);

  it('finds it by the same guesses where sealing is off', async () => {
    expect(guessed(await entryOf({ sealing: 'off' }), [])).toMatchObject({ found: WRITTEN });
  }, 300_000);

  it('finds it by the same guesses only with a key of the ring', async () => {
    const ring = new KeyRing();
    const entry = await entryOf({ sealing: 'on' }, ring);
    expect(guessed(entry, [await secretOf(ring)])).toMatchObject({ found: WRITTEN });
  }, 300_000);
});
