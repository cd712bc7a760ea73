import { settingsOf } from '../../kernel/values/setting.js';
import { SETTINGS } from './settings.js';
import { resolve, issuesOf } from '../../../test/support/configuration-fixture.js';

describe('resolveConfiguration', () => {
  it('runs in memory when nothing is configured', () => {
    const { config } = resolve({});
    expect(config).toMatchObject({
      environment: 'unset',
      provider: 'memory',
      redis: null,
      prefix: 'message-queue',
      role: 'both',
      autoStart: true,
      enqueueTimeoutMs: 2_000,
      whenUnavailable: 'refuse',
      spool: null,
      shutdownTimeoutMs: 5_000,
      lock: { durationMs: 6_000, renewMs: 1_500, stalledCheckMs: 2_000 },
    });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.lock)).toBe(true);
    expect(Object.isFrozen(config.queues)).toBe(true);
  });

  it('has the value of every setting that is plain, without a word about it elsewhere', () => {
    const { redis: _redis, cleanup: _cleanup, spool, ...plain } = SETTINGS;
    const spooling = { provider: 'redis', whenUnavailable: 'spool', spool: { directory: '/spool' } } as const;
    for (const [options, settings] of [
      // Where the parts are is known where there are any.
      [{ operations: {} }, settingsOf(plain)],
      [spooling, settingsOf({ spool })],
    ] as const) {
      const { config } = resolve({ options });
      for (const [path, { unset }] of settings) {
        if (unset === undefined) continue;
        const value = path
          .split('.')
          .reduce<unknown>((found, key) => (found as Record<string, unknown>)[key], config);
        expect([path, value]).toEqual([path, unset]);
      }
    }
  });

  it('has defaults of its own for production', () => {
    const env = { NODE_ENV: 'production', REDIS_URL: 'redis://redis' };
    expect(resolve({ env }).config).toMatchObject({ environment: 'production', shutdownTimeoutMs: 20_000 });
    expect(
      resolve({ options: { environment: 'production', provider: 'memory' } }).config.memory.maxBytes,
    ).toBe(1_024 * 1_024 * 1_024);
  });

  it('takes options over the environment over the queue', () => {
    const env = {
      MESSAGE_QUEUE_ROLE: 'worker',
      QUEUE_PREFIX: 'env',
      QUEUE_MESSAGE_DELIVERY_CONCURRENCY: '7',
    };
    const { config, definitions } = resolve({
      env: { ...env, QUEUE_FILE_PROCESSING_BACKOFF_MS: '250', QUEUE_MESSAGE_DELIVERY_ATTEMPTS: '9' },
      options: {
        prefix: 'option',
        queues: { 'message-delivery': { attempts: 2, backoff: { jitter: 0.5 } } },
      },
    });
    expect(config).toMatchObject({ role: 'worker', prefix: 'option' });
    const delivery = definitions.find(({ name }) => name === 'message-delivery');
    expect(delivery).toMatchObject({
      concurrency: 7,
      attempts: 2,
      backoff: { type: 'exponential', delayMs: 2_000, jitter: 0.5 },
    });
    const files = definitions.find(({ name }) => name === 'file-processing');
    expect(files).toMatchObject({
      backoff: { type: 'exponential', delayMs: 250 },
      attempts: 3,
      maxWaiting: 1_000_000,
    });
    expect(config.queues['file-processing']).toBe(files);
  });

  it('leaves variables of others alone', () => {
    const env = {
      REDIS_CACHE_DB: '1',
      REDIS_URL_2: 'redis://other',
      REDIS_HOST2: 'other',
      REDIS_SERVICE_HOST: '10.0.0.1',
      REDIS_SERVICE_PORT: '6379',
      REDIS_PORT_6379_TCP: 'tcp://10.0.0.1:6379',
      REDIS_PORT_6379_TCP_ADDR: '10.0.0.1',
      REDIS_SERVER_BIN: 'redis-server',
      MESSAGE_QUEUE_PORT: 'tcp://10.0.0.2:80',
      MESSAGE_QUEUE_SERVICE_HOST: '10.0.0.2',
      QUEUE_OTHER_APP_CONCURRENCY: '4',
      QUEUE_URL: 'https://sqs.example.org',
      UNRELATED: 'x',
    };
    expect(resolve({ env }).config.provider).toBe('memory');
  });

  it('leaves variables about a Redis that is not used alone', () => {
    const link = { REDIS_PORT: 'tcp://10.0.0.1:6379' };
    expect(resolve({ env: link }).config.provider).toBe('memory');
    expect(resolve({ env: { ...link, REDIS_URL: 'redis://h' } }).config.redis).toMatchObject({
      topology: { kind: 'single', host: 'h', port: 6379 },
    });
    const env = { MESSAGE_QUEUE_PROVIDER: 'memory', REDIS_TLS: 'maybe', REDIS_URL: 'http://h' };
    expect(resolve({ env }).config.provider).toBe('memory');
    expect(issuesOf({ env: { REDIS_PORT: 'abc' } })).toHaveLength(1);
    expect(issuesOf({ env: { ...link, MESSAGE_QUEUE_PROVIDER: 'redis' } })).toHaveLength(1);
  });

  it('takes blank variables as not set', () => {
    const { config } = resolve({ env: { REDIS_URL: '', MESSAGE_QUEUE_ROLE: '  ', REDIS_PORT: '' } });
    expect(config).toMatchObject({ provider: 'memory', role: 'both' });
  });

  it('runs in memory in production when asked by name', () => {
    const env = { NODE_ENV: 'production', MESSAGE_QUEUE_PROVIDER: 'memory' };
    expect(resolve({ env }).config.provider).toBe('memory');
  });
});
