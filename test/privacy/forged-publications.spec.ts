import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { RetryLater } from '../../src/message-queue/index.js';
import { KeyProvider } from '../../src/message-queue/ports/index.js';
import { RedisTap } from '../support/redis-tap.js';
import { KeyRing } from '../support/key-ring.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { SocketProcesses } from './socket-processes.fixture.js';
import type { Client, SocketProcess } from './socket-processes.fixture.js';

const CONTENT = 'MARKER7f3aQUINCE';
const never = new AbortController().signal;
const MARK = Buffer.from('mq:sealed');

function textsOf(client: Client): string[] {
  return (client.of('own') as { text: string }[]).map(({ text }) => text);
}

/** What was published. */
interface Heard {
  readonly channel: string;
  readonly message: Buffer;
}

/** Bytes with one bit changed, at any place but the mark. */
function changed(message: Buffer): Buffer {
  const copy = Buffer.from(message);
  const at = MARK.length + (randomBytes(4).readUInt32BE() % (copy.length - MARK.length));
  copy[at] = (copy[at] ?? 0) ^ 4;
  return copy;
}

/** What somebody who writes to Redis may publish; of a true publication, and the first part of the channels. */
const FORGERIES: Readonly<Record<string, (heard: Heard, key: string) => readonly [string, Buffer | string]>> =
  {
    'one bit was changed': ({ channel, message }) => [channel, changed(message)],
    'the end is missing': ({ channel, message }) => [channel, message.subarray(0, -1)],
    'there is nothing but the mark': ({ channel }) => [channel, MARK],
    'random bytes follow the mark': ({ channel }) => [channel, Buffer.concat([MARK, randomBytes(200)])],
    'it was moved to another channel': ({ message }, key) => [`${key}-request#/#`, message],
    'it was moved to the channel of another app': ({ message }, key) => [`${key}#/#room#`, message],
    'it is neither sealed nor MessagePack': (_heard, key) => [`${key}#/#`, Buffer.of(0xc1)],
    'it is MessagePack, and no event': (_heard, key) => [
      `${key}#/#`,
      Buffer.from('93a17881a36e7370a12fc0', 'hex'),
    ],
    'it is a request without its half': (_heard, key) => [`${key}-request#/#`, '{"type":7}'],
  };

describe('A process that others tell nonsense', () => {
  let redis: TestRedis;
  let attacker: Redis;
  const processes = new SocketProcesses(() => redis);

  beforeAll(async () => {
    redis = await TestRedis.start();
    attacker = redis.client();
  });
  afterEach(() => processes.close());
  afterAll(async () => {
    attacker.disconnect();
    await redis.stop();
  });

  /** Lets a process tell a client of another something, and waits until it has heard it. */
  async function tell(here: SocketProcess, client: Client, text: string): Promise<void> {
    await here.transport.emitToUser('grace', 'own', { text });
    await waitUntil(() => textsOf(client).includes(text), 'an event from the other process');
  }

  /** A true publication. */
  async function hearing(act: () => Promise<void>): Promise<Heard> {
    const listener = redis.client();
    const heard = new Promise<Heard>((resolve) =>
      listener.once('pmessageBuffer', (_pattern, channel, message) =>
        resolve({ channel: channel.toString(), message }),
      ),
    );
    await listener.psubscribe(`${processes.key}#*`);
    await act();
    const first = await heard;
    listener.disconnect();
    return first;
  }

  it.each(Object.keys(FORGERIES))('drops it, counts it, and goes on: %s', async (what) => {
    const [here, there] = [await processes.start(), await processes.start()];
    const client = await there.connect('grace');
    const heard = await hearing(() => tell(here, client, CONTENT));
    const forged = FORGERIES[what]?.(heard, processes.key);
    for (let times = 0; times < 3; times += 1) await attacker.publish(...(forged as [string, Buffer]));
    await waitUntil(async () => (await there.health).socketUnopened === 3, 'it to be counted');
    await tell(here, client, 'and on');
    expect(textsOf(client)).toEqual([CONTENT, 'and on']);
    expect((await there.health).reasons).toMatchObject([{ severity: 'degraded', code: 'SOCKET_UNOPENED' }]);
    const lines = processes.log.filter((line) =>
      line.includes('What another process sent to sockets was dropped'),
    );
    // Each of the two has heard it.
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain(CONTENT);
  });

  it('drops what is sealed with a key that it does not have, and says which provider to give it', async () => {
    const there = await processes.start();
    const client = await there.connect('grace');
    const here = await processes.start({ adapters: [{ provide: KeyProvider, useValue: new KeyRing() }] });
    await here.transport.emitToUser('grace', 'own', { text: CONTENT });
    await waitUntil(async () => (await there.health).socketUnopened > 0, 'it to be counted');
    expect(textsOf(client)).toEqual([]);
    expect(processes.log.join()).toMatch(
      /dropped: this process does not have its key: .*the same KeyProvider/,
    );
  });

  it('takes plain events until it is told to refuse them', async () => {
    const here = await processes.start({ privacy: { sealing: 'off' } });
    const there = await processes.start({ privacy: { sealing: 'on', unsealed: 'refuse' } });
    const client = await there.connect('grace');
    await here.transport.emitToUser('grace', 'own', { text: CONTENT });
    await waitUntil(async () => (await there.health).socketUnopened > 0, 'it to be counted');
    expect(textsOf(client)).toEqual([]);
    expect(processes.log.join()).toMatch(/dropped: it is in plain text, and privacy.unsealed is "refuse"/);
  });
});

describe('A process whose keys are away', () => {
  let redis: TestRedis;
  const processes = new SocketProcesses(() => redis);

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterEach(() => processes.close());
  afterAll(() => redis.stop());

  it('sends nothing in plain text, tries messages again, and goes on when they are back', async () => {
    const ring = new KeyRing();
    const adapters = [{ provide: KeyProvider, useValue: ring }];
    const there = await processes.start({ adapters });
    const client = await there.connect('grace');
    const failing = new KeyRing();
    const current = jest.spyOn(failing, 'current').mockRejectedValue(new Error('The KMS is away.'));
    failing.rotate(await ring.current());
    const here = await processes.start({ adapters: [{ provide: KeyProvider, useValue: failing }] });
    const tap = await RedisTap.on(redis.client());
    const message = {
      ...{ messageId: 'm-1', senderId: 'ada', recipientId: 'grace', conversationId: 'c-1', content: CONTENT },
      ...{ encrypted: false, attachments: [], createdAt: new Date() },
    };
    await expect(here.transport.deliver(message, never)).rejects.toThrow(RetryLater);
    expect(processes.log.join()).toMatch(
      /not sent: the key to seal it with cannot be had \(KeyUnavailableError/,
    );
    current.mockRestore();
    expect(await here.transport.deliver(message, never)).toEqual({ outcome: 'sent', reached: 1 });
    expect(client.of('message')).toHaveLength(1);
    expect(await tap.text()).not.toContain(CONTENT);
    tap.close();
  });

  it('keeps the order of events while the first of them waits for its key', async () => {
    const ring = new KeyRing();
    const there = await processes.start({ adapters: [{ provide: KeyProvider, useValue: ring }] });
    const client = await there.connect('grace');
    const slow = new KeyRing();
    slow.rotate(await ring.current());
    const here = await processes.start({ adapters: [{ provide: KeyProvider, useValue: slow }] });
    let release: (() => void) | undefined;
    const key = await slow.current();
    jest
      .spyOn(slow, 'current')
      .mockImplementation(() => new Promise((resolve) => (release = () => resolve(key))));
    for (const text of ['first', 'second']) await here.transport.emitToUser('grace', 'own', { text });
    await waitUntil(() => release, 'the key to be asked for');
    release?.();
    await here.transport.emitToUser('grace', 'own', { text: 'third' });
    await waitUntil(() => client.of('own').length === 3, 'the events');
    expect(textsOf(client)).toEqual(['first', 'second', 'third']);
  });
});
