import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import {
  EnvironmentKeyProvider,
  WrappedKeyProvider,
} from '../../src/message-queue/adapters/environment-keys/index.js';
import { NodeMessageCipher } from '../../src/message-queue/adapters/node-crypto/index.js';
import { InMemoryEncryptedContentStore } from '../../src/message-queue/adapters/in-memory/index.js';
import {
  InvalidConfigurationError,
  MessageQueueModule,
  MessageQueueService,
  QueueName,
} from '../../src/message-queue/index.js';
import { EncryptedContentStore, KeyProvider } from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';
import { waitUntil } from '../support/wait-until.js';

const [first, second] = [randomBytes(32), randomBytes(32)];
const ring = `k-1:${first.toString('base64')},\n k-2:${second.toString('hex')}`;

describe('EnvironmentKeyProvider', () => {
  it('knows several keys, one of them current', async () => {
    const keys = new EnvironmentKeyProvider({ keys: ring, current: 'k-2' });
    expect(await keys.current()).toEqual({ id: 'k-2', secret: second });
    expect(await keys.byId('k-1')).toEqual({ id: 'k-1', secret: first });
    expect(await keys.byId('k-3')).toBeNull();
    expect(await keys.byId('__proto__')).toBeNull();
    expect((await new EnvironmentKeyProvider({ keys: ring }).current()).id).toBe('k-1');
  });

  it('takes base64url and a record too', async () => {
    const keys = new EnvironmentKeyProvider({
      keys: { a: first.toString('base64url'), b: second.toString('base64') },
    });
    expect(await keys.byId('a')).toEqual({ id: 'a', secret: first });
    expect(await keys.byId('b')).toEqual({ id: 'b', secret: second });
  });

  it('reads the variables of a ConfigService', async () => {
    const variables = new Map([
      ['ENCRYPTION_KEYS', ring],
      ['ENCRYPTION_CURRENT_KEY', ' k-2 '],
    ]);
    expect((await EnvironmentKeyProvider.from(variables).current()).id).toBe('k-2');
    expect((await EnvironmentKeyProvider.from(new Map([['ENCRYPTION_KEYS', ring]])).current()).id).toBe(
      'k-1',
    );
    expect(() => EnvironmentKeyProvider.from(new Map())).toThrow(/ENCRYPTION_KEYS: is not set/);
  });

  it('lists all mistakes at once, and no key', () => {
    const good = first.toString('base64');
    const short = randomBytes(31).toString('base64');
    const keys = `k-1:${good},k-1:${second.toString('base64')},k-2:${short},k-3:*!,k-4:${good},${second.toString('hex')},z:${'0'.repeat(64)}`;
    const create = (): unknown => new EnvironmentKeyProvider({ keys, current: 'k-9' });
    expect(create).toThrow(InvalidConfigurationError);
    const messages = [
      'keys\\[1\\] "k-1": is listed twice',
      'keys\\[2\\] "k-2": must be 32 bytes, got 31',
      'keys\\[3\\] "k-3": is neither base64',
      'keys\\[4\\] "k-4": is the same key as "k-1"',
      'keys\\[5\\]: must have an id',
      'keys\\[6\\] "z": is one byte repeated',
      'current: must name one of the usable keys: k-1',
    ];
    expect(create).toThrow(new RegExp(messages.join('[^]*')));
    for (const secret of [good, short, second.toString('hex')]) expect(create).not.toThrow(secret);
    expect(() => new EnvironmentKeyProvider({ keys: ' , ' })).toThrow('keys: must hold at least one key');
  });

  it('is printed without its keys', () => {
    const provider = new EnvironmentKeyProvider({ keys: ring });
    const printed = inspect(provider, { depth: 9, showHidden: true }) + JSON.stringify(provider);
    expect(printed).not.toContain(first.toString('hex').slice(0, 4).replace(/(..)/g, '$1 ').trim());
    expect(printed).not.toMatch(/secret|Buffer/i);
  });
});

describe('WrappedKeyProvider', () => {
  const wrapped = { keys: { w: randomBytes(60).toString('base64') } };

  it('opens a key once for all that wait, and again when its time is over', async () => {
    let calls = 0;
    const unwrap = async (bytes: Uint8Array, keyId: string): Promise<Uint8Array> => {
      calls += 1;
      expect([bytes.length, keyId]).toEqual([60, 'w']);
      return first;
    };
    const keys = new WrappedKeyProvider(wrapped, { unwrap });
    const all = await Promise.all([keys.current(), keys.byId('w'), keys.current()]);
    expect(all).toEqual(Array.from({ length: 3 }, () => ({ id: 'w', secret: first })));
    expect(await keys.byId('other')).toBeNull();
    expect(calls).toBe(1);
    const brief = new WrappedKeyProvider({ ...wrapped, keepOpenMs: 0 }, { unwrap });
    await brief.current();
    await brief.current();
    expect(calls).toBe(3);
  });

  it('tries again after a failure and stops at a signal', async () => {
    const answers = [Promise.reject(new Error('the KMS is away')), Promise.resolve(first)];
    const keys = new WrappedKeyProvider(wrapped, {
      unwrap: () => answers.shift() ?? new Promise(() => undefined),
    });
    await expect(keys.current()).rejects.toThrow('the KMS is away');
    expect((await keys.current()).secret).toBe(first);
    const stuck = new WrappedKeyProvider(wrapped, { unwrap: () => new Promise(() => undefined) });
    const controller = new AbortController();
    const asking = stuck.current(controller.signal);
    controller.abort(new Error('the job timed out'));
    await expect(asking).rejects.toThrow('the job timed out');
  });
});

describe('a KMS that never answers', () => {
  it('is given up, and asked again by the next call', async () => {
    const answers = [new Promise<Uint8Array>(() => undefined), Promise.resolve(first)];
    const unwrap = (): Promise<Uint8Array> => answers.shift() ?? Promise.resolve(first);
    const keys = new WrappedKeyProvider(
      { keys: { w: randomBytes(60).toString('base64') }, timeoutMs: 20 },
      { unwrap },
    );
    await expect(Promise.all([keys.current(), keys.byId('w')])).rejects.toThrow('did not open the key "w"');
    expect((await keys.current()).secret).toBe(first);
  });
});

describe('rotation of keys', () => {
  const apps = new HostApps();
  afterEach(() => apps.close());

  const contents = new InMemoryEncryptedContentStore();
  const { signal } = new AbortController();

  async function start(keys: string, current?: string): Promise<MessageQueueService> {
    const provider = {
      provide: KeyProvider,
      useFactory: () => new EnvironmentKeyProvider({ keys, current }),
    };
    const adapters = [provider, { provide: EncryptedContentStore, useValue: contents }];
    const app = await apps.start({ imports: [MessageQueueModule.forRoot({ provider: 'memory', adapters })] });
    return app.get(MessageQueueService);
  }

  async function run(
    service: MessageQueueService,
    operation: 'encrypt' | 'decrypt' | 'reencrypt',
    content?: string,
  ) {
    const receipt = await service.addEncryptionJob({
      messageId: 'm-1',
      operation,
      content,
      createdAt: new Date(),
    });
    return waitUntil(async () => {
      const job = await service.getJob(QueueName.MESSAGE_ENCRYPTION, receipt.id);
      const state = await job?.getState();
      return state === 'completed' || state === 'failed' ? { state, reason: job?.failedReason ?? '' } : null;
    }, `the ${operation} job to end`);
  }

  it('opens old envelopes with old keys; reencrypt moves them on, then the old key can go', async () => {
    await run(await start(ring), 'encrypt', 'by the harbour');
    const old = await contents.findEncrypted('m-1', signal);
    expect(old?.keyId).toBe('k-1');

    const rotated = await start(ring, 'k-2');
    expect(await run(rotated, 'decrypt')).toMatchObject({ state: 'completed' });
    expect(await run(rotated, 'reencrypt')).toMatchObject({ state: 'completed' });
    const moved = await contents.findEncrypted('m-1', signal);
    expect(moved?.keyId).toBe('k-2');

    const onlyNew = `k-2:${second.toString('base64')}`;
    const after = await start(onlyNew);
    expect(await run(after, 'decrypt')).toMatchObject({ state: 'completed' });
    const cipher = new NodeMessageCipher(new EnvironmentKeyProvider({ keys: onlyNew }));
    expect(await cipher.open({ messageId: 'm-1', envelope: moved?.envelope ?? '' })).toMatchObject({
      content: 'by the harbour',
    });
    const opening = cipher.open({ messageId: 'm-1', envelope: old?.envelope ?? '' });
    await expect(opening).rejects.toMatchObject({ code: 'ENCRYPTION_UNKNOWN_KEY' });
  });
});
