import type { BatchPolicy, FlowPolicy } from '../../jobs/flow/flow-policy.js';
import { isRated } from '../../jobs/flow/flow-policy.js';
import type { RateLimit, SharedRate } from '../../jobs/flow/rate.js';
import type { RedisQueue } from './bull/redis-queue.js';
import { keyRules, tenantRules } from '../rules/group-rules.js';

/**
 * What the scripts read of a queue's `flow`, as JSON (the string `mq:flow`); empty text where it has none.
 * @param base the queue's base key, `prefix:queue:`
 */
export function flowText(
  flow: FlowPolicy | undefined,
  { base, name }: Pick<RedisQueue, 'base' | 'name'>,
): string {
  return flow === undefined ? '' : written(flow, base.slice(0, -name.length - 2));
}

function written(flow: FlowPolicy, prefix: string): string {
  const rateText = (rate: RateLimit | SharedRate | undefined): object => textOfRate(rate, prefix);
  const { key, tenant, rate, jobs = {} } = flow;
  const keyed = key && keyRules(key);
  const fair = tenant && tenantRules(tenant);
  return JSON.stringify({
    ...(keyed && {
      key: {
        slots: keyed.concurrency,
        park: keyed.parks,
        hold: keyed.holdsDelayed,
        ...rateText(key.rate),
      },
    }),
    ...(fair && {
      tenant: {
        ...(fair.concurrency === null
          ? { weight: fair.weight, weights: fair.weights }
          : { slots: fair.concurrency }),
        ...rateText(tenant.rate),
      },
    }),
    ...rateText(rate),
    ...(isRated(flow) && { rated: true }),
    jobs: Object.fromEntries(
      Object.entries(jobs).map(([name, job]) => [name, { ...rateText(job?.rate), ...batchText(job?.batch) }]),
    ),
  });
}

function textOfRate(rate: RateLimit | SharedRate | undefined, prefix: string): object {
  if (rate === undefined) return {};
  const { limit, perMs, burst = 1 } = rate;
  const shared = 'name' in rate && { name: rate.name, bucket: `${prefix}:mq:bucket:${rate.name}` };
  return { rate: { limit, perMs, burst, ...shared } };
}

function batchText(batch: BatchPolicy | undefined): object {
  return batch === undefined ? {} : { size: batch.size, waitMs: batch.waitMs };
}
