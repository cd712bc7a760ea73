import { flag, matching, secret, text, wholeNumber } from '../../../kernel/values/kinds.js';
import { setting } from '../../../kernel/values/setting.js';
import { certificates, privateKey } from './pem-kinds.js';
import { redisUrl, sentinelList } from './redis-address.js';

/** Narrow, because the log names it: what is a whole address, encoded or not, is refused and not shown. */
const HOST = /^([A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?\]?)$/;

/** The settings that say where Redis is and how to reach it. */
export const REDIS_SETTINGS = {
  /** Where Redis is: one URL, or a comma-separated list for a Cluster. `rediss://` uses TLS. */
  url: setting(redisUrl, { variable: 'REDIS_URL', example: 'redis://127.0.0.1:6379/0' }),
  /** Where Redis is, if there is no `REDIS_URL`. */
  host: setting(matching('a host name or address', HOST), {
    variable: 'REDIS_HOST',
    otherwise: '`127.0.0.1` if the provider is `redis` and nothing else says where Redis is',
    example: '127.0.0.1',
  }),
  /** Port of `REDIS_HOST`. */
  port: setting(wholeNumber(1, 65_535), { variable: 'REDIS_PORT', default: 6379 }),
  /** User in the access control list (Redis 6 and newer). */
  username: setting(text(), { variable: 'REDIS_USERNAME' }),
  /** Password of the user or of the server. */
  password: setting(secret(text()), { variable: 'REDIS_PASSWORD' }),
  /** Whether to use TLS, for Sentinels too; `rediss://` has the same effect. */
  tls: setting(flag(), { variable: 'REDIS_TLS', default: false }),
  /** The certificate authority that signed the certificate of Redis, if Node.js does not trust it already. */
  tlsCa: setting(certificates, { variable: 'REDIS_TLS_CA' }),
  /** Certificate of this client, if Redis asks for one (`tls-auth-clients yes`). */
  tlsCert: setting(certificates, { variable: 'REDIS_TLS_CERT' }),
  /** Private key of `REDIS_TLS_CERT`, without a passphrase. */
  tlsKey: setting(privateKey, { variable: 'REDIS_TLS_KEY' }),
  /**
   * Name that the certificate of Redis must be issued for, if it is not the host that is connected to (a tunnel, a
   * load balancer, addresses from Sentinels).
   */
  tlsServerName: setting(matching('a host name', /^[A-Za-z0-9._-]+$/), { variable: 'REDIS_TLS_SERVER_NAME' }),
  /** Number of the database that holds the queues. A Cluster has only 0. */
  db: setting(wholeNumber(0, 65_535), { variable: 'REDIS_QUEUE_DB', default: 0 }),
  /** The Sentinels that know the master, instead of `REDIS_URL` or `REDIS_HOST`. */
  sentinels: setting(sentinelList, {
    variable: 'REDIS_SENTINELS',
    example: 'sentinel-1:26379,sentinel-2:26379,sentinel-3:26379',
  }),
  /** Name of the master group that the Sentinels watch. */
  sentinelName: setting(matching('the name of a master group', /^[A-Za-z0-9_.-]+$/), {
    variable: 'REDIS_SENTINEL_NAME',
    example: 'mymaster',
  }),
};
