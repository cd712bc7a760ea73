import { didYouMean } from '../../kernel/values/did-you-mean.js';
import type { Issues } from '../../kernel/values/issues.js';
import type { Kind } from '../../kernel/values/kind.js';
import {
  code,
  flag,
  isRecord,
  matching,
  milliseconds,
  oneOf,
  wholeNumber,
} from '../../kernel/values/kinds.js';
import { mustBe, shown } from '../../kernel/values/words.js';
import type { BatchPolicy, FlowPolicy, KeyPolicy, TenantPolicy } from '../jobs/flow/flow-policy.js';
import { GROUP_ID } from '../jobs/flow/group-id.js';
import { RATE_NAME } from '../jobs/flow/rate.js';
import type { RateLimit, SharedRate } from '../jobs/flow/rate.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { MAX_DELAY_MS } from '../jobs/retry-policy.js';

type Rules<Policy> = { readonly [Key in keyof Policy]-?: Kind<unknown> | 'beside' };

const OF = code('a function (payload, job) => id or undefined');
const AT_LEAST_ONE = wholeNumber(1);

/** `beside`: has rules of its own. */
const KEY: Rules<KeyPolicy> = {
  of: OF,
  concurrency: AT_LEAST_ONE,
  onDeadLetter: oneOf('park', 'skip'),
  delays: oneOf('join', 'hold'),
  required: flag(),
  rate: 'beside',
};
const TENANT: Rules<TenantPolicy> = {
  of: OF,
  weight: AT_LEAST_ONE,
  weights: 'beside',
  concurrency: AT_LEAST_ONE,
  maxWaiting: AT_LEAST_ONE,
  required: flag(),
  rate: 'beside',
};
const RATE: Rules<RateLimit> = {
  limit: AT_LEAST_ONE,
  perMs: milliseconds(1, MAX_DELAY_MS),
  burst: AT_LEAST_ONE,
};
const BATCH: Rules<BatchPolicy> = { size: wholeNumber(2, 1_000), waitMs: milliseconds(1, MAX_DELAY_MS) };
const NAME_OF_RATE = matching('1 to 64 letters, digits, - _ or ., the first a letter or digit', RATE_NAME);

/**
 * What is wrong with the flow of a queue.
 * @param path of the flow
 * @param jobs names of the queue's jobs
 */
export function checkFlow(flow: unknown, path: string, jobs: readonly string[], issues: Issues): void {
  const policy = recordAt(issues, path, flow, ['key', 'tenant', 'rate', 'jobs']);
  if (policy === undefined) return;
  checkKey(policy['key'], `${path}.key`, issues);
  checkTenant(policy['tenant'], `${path}.tenant`, issues);
  checkRate(policy['rate'], `${path}.rate`, issues, 'may be shared');
  const named = recordAt(issues, `${path}.jobs`, policy['jobs']);
  for (const [job, ofJob] of Object.entries(named ?? {})) {
    const place = `${path}.jobs.${job}`;
    if (!jobs.includes(job)) {
      issues.add(
        place,
        `is not a job of the queue.${didYouMean(job, jobs) || ` It has: ${jobs.join(', ')}.`}`,
      );
    }
    const known = recordAt(issues, place, ofJob, ['rate', 'batch']);
    checkRate(known?.['rate'], `${place}.rate`, issues, 'may be shared');
    checkAll(BATCH, known?.['batch'], `${place}.batch`, issues, ['size', 'waitMs']);
  }
}

/** Refuses shared rates of one name that are not the same: they have one bucket. */
export function checkSharedRates(definitions: readonly QueueDefinition[], issues: Issues): void {
  const known = new Map<string, { readonly path: string; readonly rate: SharedRate }>();
  for (const { name, flow } of definitions) {
    for (const [place, rate] of sharedRates(flow)) {
      const path = `${name}.flow.${place}`;
      const other = known.get(rate.name);
      if (other === undefined) known.set(rate.name, { path, rate });
      else if (!isSameRate(other.rate, rate)) {
        issues.add(
          path,
          `is another rate "${rate.name}" than ${other.path}: they share one, so define it once`,
        );
      }
    }
  }
}

/**
 * Refuses a shared rate where its queues may be on several nodes of a Cluster, which no script can ask in one step.
 * @param prefix of the queues' keys
 */
export function checkOneSlot(definitions: readonly QueueDefinition[], prefix: string, issues: Issues): void {
  const [shared] = definitions.flatMap(({ flow }) => sharedRates(flow));
  if (shared === undefined || prefix.includes('{')) return;
  const message = `must have a hash tag on a Redis Cluster, because queues share the rate "${shared[1].name}": set prefix: '{mq}'`;
  issues.add('prefix', message);
}

function checkKey(given: unknown, path: string, issues: Issues): void {
  const key = checkAll(KEY, given, path, issues);
  checkRate(key?.['rate'], `${path}.rate`, issues);
  const { concurrency = 1, onDeadLetter, delays } = key ?? {};
  if (typeof concurrency !== 'number' || concurrency <= 1) return;
  const why = 'keeps an order, which there is only with concurrency 1: leave one of them out';
  issues.unless(onDeadLetter !== 'park', `${path}.onDeadLetter`, `"park" ${why}`);
  issues.unless(delays !== 'hold', `${path}.delays`, `"hold" ${why}`);
}

function checkTenant(given: unknown, path: string, issues: Issues): void {
  const tenant = checkAll(TENANT, given, path, issues);
  checkRate(tenant?.['rate'], `${path}.rate`, issues);
  const { concurrency, weight, weights } = tenant ?? {};
  for (const [id, own] of Object.entries(recordAt(issues, `${path}.weights`, weights) ?? {})) {
    issues.check(`${path}.weights`, id, GROUP_ID);
    issues.check(`${path}.weights.${id}`, own, AT_LEAST_ONE);
  }
  if (concurrency === undefined || (weight === undefined && weights === undefined)) return;
  const which = weight === undefined ? 'weights' : 'weight';
  issues.add(
    `${path}.concurrency`,
    `cannot be combined with ${which}: limit a tenant's runs, or give it turns`,
  );
}

function checkRate(given: unknown, path: string, issues: Issues, shared?: 'may be shared'): void {
  const isShared = isRecord(given) && given['name'] !== undefined;
  const rate = checkAll(RATE, given, path, issues, ['limit', 'perMs'], isShared ? ['name'] : []);
  if (!isShared) return;
  if (shared !== undefined) issues.check(`${path}.name`, rate?.['name'], NAME_OF_RATE);
  else issues.add(`${path}.name`, 'cannot be given: each group has a rate of its own; leave defineRate out');
}

/** Checks what stands in a policy by itself. @returns undefined when nothing is given, or no object */
function checkAll<Policy>(
  rules: Rules<Policy>,
  given: unknown,
  path: string,
  issues: Issues,
  required: readonly string[] = [],
  further: readonly string[] = [],
): Readonly<Record<string, unknown>> | undefined {
  const policy = recordAt(issues, path, given, [...Object.keys(rules), ...further]);
  if (policy === undefined) return undefined;
  for (const [name, rule] of Object.entries<Kind<unknown> | 'beside'>(rules)) {
    if (rule === 'beside') continue;
    if (required.includes(name)) issues.check(`${path}.${name}`, policy[name], rule);
    else issues.checkGiven(`${path}.${name}`, policy[name], rule);
  }
  return policy;
}

/** @param known its keys; undefined: it may have any */
function recordAt(
  issues: Issues,
  path: string,
  given: unknown,
  known?: readonly string[],
): Readonly<Record<string, unknown>> | undefined {
  if (given === undefined) return undefined;
  if (!isRecord(given)) {
    issues.add(
      path,
      mustBe(known === undefined ? 'an object' : `an object (${known.join(', ')})`, shown(given)),
    );
    return undefined;
  }
  if (known !== undefined) issues.knownKeys(path, given, known);
  return given;
}

/** The shared rates of a flow that may be wrong in any way, with where they stand. */
function sharedRates(flow: FlowPolicy | undefined): [place: string, rate: SharedRate][] {
  const found: [string, unknown][] = [['rate', flow?.rate]];
  const jobs: unknown = flow?.jobs;
  for (const [job, ofJob] of Object.entries(isRecord(jobs) ? jobs : {})) {
    found.push([`jobs.${job}.rate`, isRecord(ofJob) ? ofJob['rate'] : undefined]);
  }
  return found.filter((one): one is [string, SharedRate] => {
    const [, rate] = one;
    return isRecord(rate) && typeof rate['name'] === 'string';
  });
}

function isSameRate(one: RateLimit, other: RateLimit): boolean {
  const burstOf = ({ burst = 1 }: RateLimit): number => burst;
  return one.limit === other.limit && one.perMs === other.perMs && burstOf(one) === burstOf(other);
}
