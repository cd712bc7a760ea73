import type { BatchPolicy, FlowPolicy } from '../../jobs/flow/flow-policy.js';
import type { RateLimit, SharedRate } from '../../jobs/flow/rate.js';
import { keyRules, tenantRules } from '../rules/group-rules.js';

const texts = new WeakMap<FlowPolicy, string>();

/** What the scripts read of a queue's `flow`, as JSON (the string `mq:flow`); empty text where it has none. */
export function flowText(flow: FlowPolicy | undefined): string {
  if (flow === undefined) return '';
  const known = texts.get(flow) ?? written(flow);
  texts.set(flow, known);
  return known;
}

function written(flow: FlowPolicy): string {
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
    jobs: Object.fromEntries(
      Object.entries(jobs).map(([name, job]) => [name, { ...rateText(job?.rate), ...batchText(job?.batch) }]),
    ),
  });
}

function rateText(rate: RateLimit | SharedRate | undefined): object {
  if (rate === undefined) return {};
  const { limit, perMs, burst = 1 } = rate;
  return { rate: { limit, perMs, burst, ...('name' in rate && { name: rate.name }) } };
}

function batchText(batch: BatchPolicy | undefined): object {
  return batch === undefined ? {} : { size: batch.size, waitMs: batch.waitMs };
}
