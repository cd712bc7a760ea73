import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { AppModule } from '../../src/app.module.js';
import type { AppOptions } from '../../src/app.module.js';
import { InMemoryKeyProvider } from '../../src/message-queue/adapters/in-memory/index.js';
import { InvalidConfigurationError } from '../../src/message-queue/index.js';
import { KeyProvider } from '../../src/message-queue/ports/index.js';

const key = (first: number): string =>
  Buffer.from(Array.from({ length: 32 }, (_, index) => first + index)).toString('base64');

describe("the reference app's database", () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  it('stops the start when its address is wrong, by the name of the variable', async () => {
    process.env['DATABASE_URL'] = 'mysql://app:secret@127.0.0.1/chat';
    const imports = [AppModule.register({ environment: 'test', provider: 'memory', autoStart: false })];
    const started = Test.createTestingModule({ imports }).compile();
    const error: unknown = await started.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidConfigurationError);
    expect(String(error)).toMatch(/- DATABASE_URL: must be postgres:\/\/…, file:…, sqlite:… or the path of/);
    expect(String(error)).not.toContain('secret');
  });
});

describe("the reference app's encryption keys", () => {
  const before = { ...process.env };
  let module: TestingModule | undefined;
  afterEach(async () => {
    process.env = { ...before };
    jest.restoreAllMocks();
    await module?.close();
    module = undefined;
  });

  async function keysOf(variables: Record<string, string>, options: AppOptions = {}): Promise<KeyProvider> {
    process.env = { ...before, ...variables };
    const given: AppOptions = { environment: 'test', provider: 'memory', autoStart: false, ...options };
    module = await Test.createTestingModule({ imports: [AppModule.register(given)] }).compile();
    return module.get(KeyProvider, { strict: false });
  }

  it('come from the environment, with the one it calls current', async () => {
    const ring = `k-1:${key(0)},k-2:${key(1)}`;
    const keys = await keysOf({ ENCRYPTION_KEYS: ring, ENCRYPTION_CURRENT_KEY: 'k-2' });
    expect((await keys.current()).id).toBe('k-2');
    expect(Buffer.from((await keys.byId('k-1'))?.secret ?? []).toString('base64')).toBe(key(0));
  });

  it('stop the start when the ring is wrong, and are not shown', async () => {
    const started = keysOf({ ENCRYPTION_KEYS: 'k-1:c2hvcnQgYnV0IHNlY3JldA==' });
    const error = await started.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidConfigurationError);
    expect(String(error)).toContain('- ENCRYPTION_KEYS[0] "k-1": must be 32 bytes, got 16');
    expect(String(error)).not.toContain('c2hvcnQg');
  });

  it('are called by their variables when they are no keys, or the current one is none of them', async () => {
    await expect(keysOf({ ENCRYPTION_KEYS: 'abc' })).rejects.toThrow('- ENCRYPTION_KEYS[0]: must have an id');
    const ring = { ENCRYPTION_KEYS: `k-1:${key(0)}`, ENCRYPTION_CURRENT_KEY: 'k-2' };
    await expect(keysOf(ring)).rejects.toThrow(
      '- ENCRYPTION_CURRENT_KEY: must name one of the usable keys: k-1',
    );
  });

  it('are those of a KeyProvider that the app is given', async () => {
    const own = new InMemoryKeyProvider();
    const adapters = [{ provide: KeyProvider, useValue: own }];
    expect(await keysOf({ ENCRYPTION_KEYS: `k-1:${key(0)}` }, { adapters })).toBe(own);
  });

  it('are made up for this process without any, in memory', async () => {
    const keys = await keysOf({ ENCRYPTION_KEYS: ' ' });
    expect(await keys.ids()).toEqual([expect.stringMatching(/^dev-/)]);
  });

  it('are required in production', async () => {
    await keysOf({ ENCRYPTION_KEYS: ' ' }, { environment: 'production' });
    await expect(module?.init()).rejects.toMatchObject({ code: 'KEYS_REQUIRED' });
  });
});
