import { resolve, issuesOf, itNames } from '../../../test/support/configuration-fixture.js';
import type { Given, Mistake } from '../../../test/support/configuration-fixture.js';

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

describe('a mistake about Redis', () => {
  const mistakes: readonly Mistake[] = [
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
    [
      'URL scheme',
      { env: { REDIS_URL: 'http://host' } },
      'REDIS_URL',
      /redis:\/\/.*begins with "http:\/\/"$/,
    ],
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
  ];

  itNames(mistakes);
});
