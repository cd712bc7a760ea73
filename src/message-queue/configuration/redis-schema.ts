import { certificates, privateKey } from './pem-setting.js';
import { redisUrl, sentinelList } from './redis-address.js';
import { setting } from './setting.js';
import { flag, text, wholeNumber } from './setting-type.js';

/** The settings that say where Redis is and how to reach it. */
export const REDIS_SETTINGS = {
  'redis.url': setting({
    section: 'Redis',
    variable: 'REDIS_URL',
    type: redisUrl(),
    description: 'Where Redis is: one URL, or a comma-separated list for a Cluster. `rediss://` uses TLS.',
    default: null,
    secret: true,
  }),
  'redis.host': setting({
    section: 'Redis',
    variable: 'REDIS_HOST',
    type: text('a host name or address', /^[^\s/@]+$/),
    description: 'Where Redis is, when there is no `REDIS_URL`.',
    default: null,
    otherwise: '`127.0.0.1` when the provider is `redis` and nothing else says where it is',
  }),
  'redis.port': setting({
    section: 'Redis',
    variable: 'REDIS_PORT',
    type: wholeNumber(1, 65_535),
    description: 'Port of `REDIS_HOST`.',
    default: 6379,
  }),
  'redis.username': setting({
    section: 'Redis',
    variable: 'REDIS_USERNAME',
    type: text(),
    description: 'User of the access control list (Redis 6 and newer).',
    default: null,
  }),
  'redis.password': setting({
    section: 'Redis',
    variable: 'REDIS_PASSWORD',
    type: text(),
    description: 'Password of the user, or of the server.',
    default: null,
    secret: true,
  }),
  'redis.tls': setting({
    section: 'Redis',
    variable: 'REDIS_TLS',
    type: flag(),
    description: 'Whether to use TLS, to Sentinels too; `rediss://` says so as well.',
    default: false,
  }),
  'redis.tlsCa': setting({
    section: 'Redis',
    variable: 'REDIS_TLS_CA',
    type: certificates(),
    description:
      'The certificate authority that signed the certificate of Redis, when it is none that Node.js trusts anyway.',
    default: null,
  }),
  'redis.tlsCert': setting({
    section: 'Redis',
    variable: 'REDIS_TLS_CERT',
    type: certificates(),
    description: 'Certificate of this client, when Redis asks for one (`tls-auth-clients yes`).',
    default: null,
  }),
  'redis.tlsKey': setting({
    section: 'Redis',
    variable: 'REDIS_TLS_KEY',
    type: privateKey(),
    description: 'Private key of `REDIS_TLS_CERT`, without a passphrase.',
    default: null,
    secret: true,
  }),
  'redis.tlsServerName': setting({
    section: 'Redis',
    variable: 'REDIS_TLS_SERVER_NAME',
    type: text('a host name', /^[A-Za-z0-9._-]+$/),
    description:
      'Name that the certificate of Redis must be for, when it is not the host that is connected to (a tunnel, a load balancer, addresses told by Sentinels).',
    default: null,
  }),
  'redis.db': setting({
    section: 'Redis',
    variable: 'REDIS_QUEUE_DB',
    type: wholeNumber(0, 65_535),
    description: 'Number of the database the queues are in. A Cluster has only 0.',
    default: 0,
  }),
  'redis.sentinels': setting({
    section: 'Redis',
    variable: 'REDIS_SENTINELS',
    type: sentinelList(),
    description: 'The Sentinels that know the master, instead of `REDIS_URL` or `REDIS_HOST`.',
    default: null,
  }),
  'redis.sentinelName': setting({
    section: 'Redis',
    variable: 'REDIS_SENTINEL_NAME',
    type: text('the name of a master group', /^[A-Za-z0-9_.-]+$/),
    description: 'Name of the master group that the Sentinels watch.',
    default: null,
  }),
} as const;
