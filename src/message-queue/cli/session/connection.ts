import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { Issues } from '../../../kernel/values/issues.js';
import type { RedisBrokerOptions } from '../../broker/redis/redis-broker.options.js';
import type { Environment } from '../../../kernel/settings/environment.js';
import { givenSettings } from '../../configuration/given-settings.js';
import { resolveRedis } from '../../configuration/redis/resolve-redis.js';

/** Where a command finds Redis. */
export interface Place {
  /** Instead of `REDIS_URL`, `REDIS_HOST` and `REDIS_SENTINELS`. */
  readonly url?: string;
  /** Instead of `QUEUE_PREFIX`. */
  readonly prefix?: string;
}

/** Variables that say where Redis is, and under which prefix; mistakes in others are nobody's here. */
const OURS = /^(REDIS_|QUEUE_PREFIX|redis\.|prefix)/;

/**
 * Where Redis is, read as an app reads it.
 * @throws InvalidConfigurationError naming every mistake
 */
export function connectionOf({ url, prefix }: Place, environment: Environment): RedisBrokerOptions {
  const issues = new Issues();
  const options = { ...(url !== undefined && { redis: { url } }), ...(prefix !== undefined && { prefix }) };
  const { values, origins, refuseWrong } = givenSettings(options, environment, undefined, issues);
  refuseWrong('redis');
  const redis = resolveRedis(values.redis, origins, issues);
  const ours = issues.list.filter(({ path }) => OURS.test(path));
  if (ours.length > 0)
    throw new InvalidConfigurationError('Redis cannot be found with these settings:', ours);
  return {
    ...{ redis, prefix: values.prefix, guarantees: values.redisGuarantees },
    historyHours: values.operations.activity.historyHours,
  };
}
