import { InvalidConfigurationError } from '../../kernel/errors.js';
import type { Issue } from '../../kernel/errors.js';
import { settingsOf } from '../../kernel/values/setting.js';
import { defineQueue } from '../jobs/queue-definition.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { BUILT_IN_QUEUES } from '../queues/queue-definitions.js';
import { readEnvironment } from './environment.js';
import { resolveConfiguration } from './resolve-configuration.js';
import type { ResolvedConfiguration } from './resolve-configuration.js';
import { SETTINGS } from './settings.js';

class ResizeDto {
  fileId!: string;
}

const FILES = defineQueue({
  name: 'file-processing',
  description: 'Files.',
  jobs: { resize: ResizeDto },
  concurrency: 2,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 100 },
  timeoutMs: 1_000,
});

interface Given {
  readonly options?: object;
  readonly env?: NodeJS.ProcessEnv;
  readonly definitions?: readonly QueueDefinition[];
  readonly configKey?: string;
}

function resolve({ options = {}, env = {}, definitions, configKey }: Given): ResolvedConfiguration {
  return resolveConfiguration({
    options: options,
    environment: readEnvironment(undefined, env),
    definitions: definitions ?? [...BUILT_IN_QUEUES, FILES],
    configKey,
  });
}

function issuesOf(given: Given): readonly Issue[] {
  try {
    resolve(given);
  } catch (error) {
    if (error instanceof InvalidConfigurationError) return error.issues;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

describe('resolveConfiguration', () => {
  it('runs in memory when nothing is configured', () => {
    const { config } = resolve({});
    expect(config).toMatchObject({
      environment: 'development',
      provider: 'memory',
      redis: null,
      prefix: 'message-queue',
      role: 'both',
      autoStart: true,
      enqueueTimeoutMs: 2_000,
      shutdownTimeoutMs: 5_000,
      lock: { durationMs: 6_000, renewMs: 1_500, stalledCheckMs: 2_000 },
    });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.lock)).toBe(true);
    expect(Object.isFrozen(config.queues)).toBe(true);
  });

  it('has the value of every setting that is plain, without a word about it elsewhere', () => {
    const { redis: _redis, cleanup: _cleanup, ...plain } = SETTINGS;
    const { config } = resolve({});
    for (const [path, { unset }] of settingsOf(plain)) {
      if (unset === undefined) continue;
      const value = path
        .split('.')
        .reduce<unknown>((found, key) => (found as Record<string, unknown>)[key], config);
      expect([path, value]).toEqual([path, unset]);
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

  describe('where Redis is', () => {
    const cases: [what: string, given: Given, redis: object][] = [
      [
        'a URL',
        { env: { REDIS_URL: 'redis://user:p%40ss@host:6380/3' } },
        {
          topology: { kind: 'single', host: 'host', port: 6380 },
          username: 'user',
          password: 'p@ss',
          db: 3,
          tls: false,
        },
      ],
      [
        'a URL without a port, with TLS',
        { env: { REDIS_URL: 'rediss://:secret@redis.example.org' } },
        {
          topology: { kind: 'single', host: 'redis.example.org', port: 6379 },
          password: 'secret',
          db: 0,
          tls: {},
        },
      ],
      [
        'port 80',
        { env: { REDIS_URL: 'redis://host:80' } },
        { topology: { kind: 'single', host: 'host', port: 80 } },
      ],
      [
        'IPv6',
        { env: { REDIS_URL: 'redis://[::1]:7000' } },
        { topology: { kind: 'single', host: '::1', port: 7000 } },
      ],
      [
        'a Cluster',
        { env: { REDIS_URL: 'redis://:pw@a:7000, redis://b:7001,c' } },
        {
          topology: {
            kind: 'cluster',
            nodes: [
              { host: 'a', port: 7000 },
              { host: 'b', port: 7001 },
              { host: 'c', port: 6379 },
            ],
          },
          password: 'pw',
        },
      ],
      [
        'host and port',
        {
          env: {
            REDIS_HOST: 'h',
            REDIS_PORT: '7',
            REDIS_USERNAME: 'u',
            REDIS_PASSWORD: 'p',
            REDIS_TLS: 'true',
            REDIS_QUEUE_DB: '2',
          },
        },
        { topology: { kind: 'single', host: 'h', port: 7 }, username: 'u', password: 'p', tls: {}, db: 2 },
      ],
      [
        'Sentinels',
        { env: { REDIS_SENTINELS: 's1:1,s2', REDIS_SENTINEL_NAME: 'mymaster', REDIS_PASSWORD: 'p' } },
        {
          topology: {
            kind: 'sentinel',
            masterName: 'mymaster',
            sentinels: [
              { host: 's1', port: 1 },
              { host: 's2', port: 26379 },
            ],
          },
          password: 'p',
        },
      ],
      [
        'Sentinels of the options',
        { options: { redis: { sentinels: [{ host: 's', port: 2 }, 't:3'], sentinelName: 'm' } } },
        { topology: { kind: 'sentinel', masterName: 'm' } },
      ],
      [
        'nothing but the provider',
        { env: { MESSAGE_QUEUE_PROVIDER: 'redis' } },
        { topology: { kind: 'single', host: '127.0.0.1', port: 6379 } },
      ],
      [
        'an option that replaces the variables',
        {
          options: { redis: { host: 'o' } },
          env: { REDIS_URL: 'redis://env', REDIS_PORT: '9', REDIS_PASSWORD: 'p' },
        },
        { topology: { kind: 'single', host: 'o', port: 6379 }, password: 'p' },
      ],
      [
        'a URL with the password beside it',
        { env: { REDIS_URL: 'redis://h', REDIS_PASSWORD: 'p' } },
        { topology: { kind: 'single', host: 'h' }, password: 'p' },
      ],
    ];

    it.each(cases)('reads %s', (_what, given, redis) => {
      const { config } = resolve(given);
      expect(config.provider).toBe('redis');
      expect(config.redis).toMatchObject(redis);
    });

    it('reads no variables for a further Redis', () => {
      const env = { REDIS_URL: 'redis://main', MESSAGE_QUEUE_PROVIDER: 'memory', REDIS_PASSWORD: 'p' };
      const { config } = resolve({ configKey: 'archive', env, options: { redis: { host: 'archive' } } });
      expect(config.redis).toMatchObject({ topology: { kind: 'single', host: 'archive', port: 6379 } });
      expect(config.redis?.password).toBeUndefined();
      expect(issuesOf({ configKey: 'archive', env })).toEqual([
        { path: 'redis', message: expect.stringContaining('missing') },
      ]);
    });
  });

  describe('mistakes', () => {
    const { concurrency: _left, ...withoutConcurrency } = FILES;
    const cases: [what: string, given: Given, path: string, message: RegExp][] = [
      [
        'provider',
        { env: { MESSAGE_QUEUE_PROVIDER: 'reddis' } },
        'MESSAGE_QUEUE_PROVIDER',
        /one of "memory", "redis".*"reddis"/,
      ],
      ['role', { env: { MESSAGE_QUEUE_ROLE: 'master' } }, 'MESSAGE_QUEUE_ROLE', /"producer".*"master"/],
      ['role option', { options: { role: 'master' } }, 'role', /"producer".*"master"/],
      ['port text', { env: { REDIS_HOST: 'h', REDIS_PORT: 'abc' } }, 'REDIS_PORT', /1 to 65535.*"abc"/],
      ['port range', { env: { REDIS_HOST: 'h', REDIS_PORT: '70000' } }, 'REDIS_PORT', /1 to 65535.*"70000"/],
      [
        'port of Kubernetes',
        { env: { REDIS_HOST: 'h', REDIS_PORT: 'tcp://10.0.0.1:6379' } },
        'REDIS_PORT',
        /Kubernetes.*enableServiceLinks/,
      ],
      ['TLS', { env: { REDIS_TLS: 'maybe' } }, 'REDIS_TLS', /true or false.*"maybe"/],
      ['database', { env: { REDIS_QUEUE_DB: '-1' } }, 'REDIS_QUEUE_DB', /0 to.*"-1"/],
      ['URL scheme', { env: { REDIS_URL: 'http://host' } }, 'REDIS_URL', /redis:\/\/.*"http:\/\/host"/],
      ['URL path', { env: { REDIS_URL: 'redis://host/one' } }, 'REDIS_URL', /path must be a database number/],
      ['URL port', { env: { REDIS_URL: 'redis://host:0' } }, 'REDIS_URL', /port must be a whole number/],
      ['URL query', { env: { REDIS_URL: 'redis://host?family=6' } }, 'REDIS_URL', /query parameters/],
      ['URL', { env: { REDIS_URL: 'redis://' } }, 'REDIS_URL', /not a URL/],
      ['Cluster scheme', { env: { REDIS_URL: 'redis://a,rediss://b' } }, 'REDIS_URL', /same scheme/],
      ['Cluster database', { env: { REDIS_URL: 'redis://a,redis://b/2' } }, 'REDIS_URL', /no databases/],
      [
        'Cluster database beside',
        { env: { REDIS_URL: 'redis://a,redis://b', REDIS_QUEUE_DB: '2' } },
        'REDIS_QUEUE_DB',
        /only database 0/,
      ],
      [
        'two places',
        { env: { REDIS_URL: 'redis://a', REDIS_HOST: 'b' } },
        'REDIS_URL and REDIS_HOST',
        /keep one/,
      ],
      [
        'URL against password',
        { env: { REDIS_URL: 'redis://:a@h', REDIS_PASSWORD: 'b' } },
        'REDIS_PASSWORD',
        /contradicts/,
      ],
      ['Sentinels', { env: { REDIS_SENTINELS: 'a:b' } }, 'REDIS_SENTINELS', /host\[:port\].*"a:b"/],
      ['Sentinel name missing', { env: { REDIS_SENTINELS: 'a:1' } }, 'REDIS_SENTINEL_NAME', /missing/],
      [
        'Sentinel name alone',
        { env: { MESSAGE_QUEUE_PROVIDER: 'redis', REDIS_SENTINEL_NAME: 'm' } },
        'REDIS_SENTINEL_NAME',
        /no Sentinels/,
      ],
      ['prefix', { env: { QUEUE_PREFIX: 'a b' } }, 'QUEUE_PREFIX', /letters, digits.*"a b"/],
      ['auto start', { options: { autoStart: 'later' } }, 'autoStart', /true or false.*"later"/],
      ['enqueue deadline', { options: { enqueueTimeoutMs: Number.NaN } }, 'enqueueTimeoutMs', /50 to.*NaN/],
      ['enqueue deadline 0', { options: { enqueueTimeoutMs: 0 } }, 'enqueueTimeoutMs', /50 to.*got 0/],
      [
        'shutdown',
        { env: { MESSAGE_QUEUE_SHUTDOWN_TIMEOUT_MS: '5s' } },
        'MESSAGE_QUEUE_SHUTDOWN_TIMEOUT_MS',
        /milliseconds.*"5s"/,
      ],
      ['crashes', { options: { maxCrashes: 1.5 } }, 'maxCrashes', /whole number.*1\.5/],
      ['stuck handler', { options: { onStuckHandler: 'kill' } }, 'onStuckHandler', /"keep", "exit".*"kill"/],
      ['renewal', { options: { lock: { durationMs: 1_000, renewMs: 900 } } }, 'lock.renewMs', /at most half/],
      ['lock', { options: { lock: 5 } }, 'lock', /must be an object/],
      ['memory', { options: { memory: { maxJobs: 0 } } }, 'memory.maxJobs', /from 1.*got 0/],
      ['unknown option', { options: { concurency: 5, rol: 'both' } }, 'rol', /not an option.*"role"/],
      [
        'unknown lock option',
        { options: { lock: { duration: 5 } } },
        'lock.duration',
        /not an option.*"durationMs"|Known/,
      ],
      ['misplaced option', { options: { isGlobal: true } }, 'isGlobal', /beside useFactory/],
      ['board', { options: { board: 5 as never } }, 'board', /must be an object.*got 5/],
      ['board option', { options: { board: { pth: '/x' } as object } }, 'board.pth', /not an option.*"path"/],
      ['board path', { options: { board: { path: ' ' } } }, 'board.path', /must be a path.*" "/],
      ['board access', { options: { board: { access: 'me' as never } } }, 'board.access', /a guard.*"me"/],
      ['health', { options: { health: { maxWaitMs: -1 } } }, 'health.maxWaitMs', /milliseconds.*got -1/],
      ['health share', { options: { health: { maxMemoryRatio: 70 } } }, 'health.maxMemoryRatio', /0 to 1/],
      [
        'breakers',
        { options: { circuitBreakers: { failureThreshold: 0 } } },
        'circuitBreakers.failureThreshold',
        /from 1.*got 0/,
      ],
      [
        'breaker option',
        { options: { circuitBreakers: { halfOpenAfter: 5 } as object } },
        'circuitBreakers.halfOpenAfter',
        /not an option.*"halfOpenAfterMs"/,
      ],
      [
        'breaker of one dependency',
        { options: { circuitBreakers: { dependencies: { smtp: { isFailure: true as never } } } } },
        'circuitBreakers.dependencies.smtp.isFailure',
        /must be a function.*got true/,
      ],
      ['middleware', { options: { middleware: {} as [] } }, 'middleware', /must be a list/],
      [
        'middleware entry',
        { options: { middleware: ['log' as never] } },
        'middleware.0',
        /a function.*"log"/,
      ],
      [
        'middleware of an unknown queue',
        { options: { middleware: [{ queue: 'message-delivry', middleware: async () => null }] } },
        'middleware.0.queue',
        /registered queue.*"message-delivery"/,
      ],
      ['options', { options: [] as object }, 'options', /must be an object/],
      [
        'unknown queue',
        { options: { queues: { 'message-delivry': {} } } },
        'queues.message-delivry',
        /registered queue.*"message-delivery"/,
      ],
      ['queues', { options: { queues: [] } }, 'queues', /must be an object/],
      [
        'queue settings',
        { options: { queues: { 'message-delivery': 5 } } },
        'queues.message-delivery',
        /object.*got 5/,
      ],
      [
        'unknown queue option',
        { options: { queues: { 'message-delivery': { concurency: 5 } } } },
        'queues.message-delivery.concurency',
        /not an option.*"concurrency"/,
      ],
      [
        'backoff',
        { options: { queues: { 'message-delivery': { backoff: 'fixed' } } } },
        'queues.message-delivery.backoff',
        /object.*"fixed"/,
      ],
      [
        'backoff type',
        { options: { queues: { 'message-delivery': { backoff: { type: 'linear' } } } } },
        'queues.message-delivery.backoff.type',
        /"fixed", "exponential".*"linear"/,
      ],
      [
        'jitter',
        { options: { queues: { 'message-delivery': { backoff: { jitter: 2 } } } } },
        'queues.message-delivery.backoff.jitter',
        /0 to 1.*got 2/,
      ],
      [
        'retention',
        { options: { queues: { 'message-delivery': { retention: { failedAgeMs: 0 } } } } },
        'queues.message-delivery.retention.failedAgeMs',
        /60000.*got 0/,
      ],
      [
        'concurrency',
        { env: { QUEUE_MESSAGE_DELIVERY_CONCURRENCY: '0' } },
        'QUEUE_MESSAGE_DELIVERY_CONCURRENCY',
        /1 to 1000.*"0"/,
      ],
      [
        'attempts',
        { env: { QUEUE_FILE_PROCESSING_ATTEMPTS: 'many' } },
        'QUEUE_FILE_PROCESSING_ATTEMPTS',
        /whole number.*"many"/,
      ],
      [
        'timeout',
        { env: { QUEUE_MESSAGE_CLEANUP_TIMEOUT_MS: '-5' } },
        'QUEUE_MESSAGE_CLEANUP_TIMEOUT_MS',
        /milliseconds.*"-5"/,
      ],
      [
        'definition',
        { definitions: [{ ...FILES, concurrency: 0 }] },
        'file-processing.concurrency',
        /1 to 1000.*got 0/,
      ],
      [
        'missing setting',
        { definitions: [withoutConcurrency as unknown as QueueDefinition] },
        'file-processing.concurrency',
        /missing/,
      ],
      ['queue name', { definitions: [{ ...FILES, name: 'a:b' }] }, 'a:b.name', /letters, digits.*"a:b"/],
      ['no jobs', { definitions: [{ ...FILES, jobs: {} }] }, 'file-processing.jobs', /at least one job/],
      [
        'no DTO',
        { definitions: [{ ...FILES, jobs: { resize: 'ResizeDto' } } as unknown as QueueDefinition] },
        'file-processing.jobs.resize',
        /DTO class.*"ResizeDto"/,
      ],
      [
        'unknown definition key',
        { definitions: [{ ...FILES, retries: 3 } as QueueDefinition] },
        'file-processing.retries',
        /not an option/,
      ],
      ['misspelled variable', { env: { REDIS_PASWORD: 'x' } }, 'REDIS_PASWORD', /"REDIS_PASSWORD"/],
      [
        'misspelled setting',
        { env: { MESSAGE_QUEUE_PROVIDR: 'redis' } },
        'MESSAGE_QUEUE_PROVIDR',
        /"MESSAGE_QUEUE_PROVIDER"/,
      ],
      ['misspelled prefix', { env: { QUEUE_PREFX: 'x' } }, 'QUEUE_PREFX', /"QUEUE_PREFIX"/],
      [
        'misspelled queue',
        { env: { QUEUE_MESSAGE_DELIVRY_CONCURRENCY: '5' } },
        'QUEUE_MESSAGE_DELIVRY_CONCURRENCY',
        /"QUEUE_MESSAGE_DELIVERY_CONCURRENCY"/,
      ],
      [
        'misspelled queue setting',
        { env: { QUEUE_MESSAGE_DELIVERY_ATEMPTS: '5' } },
        'QUEUE_MESSAGE_DELIVERY_ATEMPTS',
        /"QUEUE_MESSAGE_DELIVERY_ATTEMPTS"/,
      ],
      [
        'production without a Redis',
        { env: { NODE_ENV: 'production' } },
        'MESSAGE_QUEUE_PROVIDER',
        /"memory" by name/,
      ],
    ];

    it.each(cases)('names the setting and what is allowed: %s', (_what, given, path, message) => {
      const issues = issuesOf(given);
      expect(issues).toContainEqual({ path, message: expect.stringMatching(message) });
    });

    it('reports all at once', () => {
      const error = catchError({
        env: { REDIS_PORT: 'x', MESSAGE_QUEUE_ROLE: 'y', QUEUE_PREFX: 'z' },
        options: { rol: 'both', queues: { nope: {} } },
      });
      expect(error.issues.map(({ path }) => path).sort()).toEqual(
        ['REDIS_PORT', 'MESSAGE_QUEUE_ROLE', 'QUEUE_PREFX', 'rol', 'queues.nope'].sort(),
      );
      expect(error.message).toContain('5 settings are wrong');
      for (const { path } of error.issues) expect(error.message).toContain(`- ${path}: `);
    });

    it('never shows a password', () => {
      const urls = [
        'http://u:hunter2@h',
        'redis://u:hunter2@h/x',
        'u:hunter2@h',
        'redis://:hunter2@a,rediss://:hunter2@b',
      ];
      for (const REDIS_URL of urls) {
        const { message } = catchError({ env: { REDIS_URL } });
        expect(message).toContain('REDIS_URL');
        expect(message).toContain('***');
        expect(message).not.toContain('hunter2');
      }
      const password = catchError({ options: { redis: { host: 'h', password: { hunter2: 'hunter2' } } } });
      expect(password.message).not.toContain('hunter2');
      const both = catchError({ env: { REDIS_URL: 'redis://:hunter2@h', REDIS_PASSWORD: 'hunter3' } });
      expect(both.message).not.toMatch(/hunter/);
    });

    function catchError(given: Given): InvalidConfigurationError {
      try {
        resolve(given);
      } catch (error) {
        if (error instanceof InvalidConfigurationError) return error;
      }
      throw new Error('The configuration was accepted.');
    }
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
