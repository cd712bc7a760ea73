import { didYouMean } from '../../kernel/values/did-you-mean.js';
import type { Issues } from '../../kernel/values/issues.js';
import { code, flag, isRecord, matching, record } from '../../kernel/values/kinds.js';
import { settingsOf } from '../../kernel/values/setting.js';
import { mustBe, shown } from '../../kernel/values/words.js';
import { PAYLOAD_VERSION } from '../admission/option-rules.js';
import type { FlowPolicy, JobFlow } from '../jobs/flow/flow-policy.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { QUEUE_SETTINGS } from '../jobs/queue-settings.js';
import type { Environment } from '../../kernel/settings/environment.js';
import { checkFlow, checkSharedRates } from './flow-rules.js';
import { checkKeys, readSettings, valueAt } from '../../kernel/settings/read-settings.js';

const BESIDE_THE_SETTINGS = ['name', 'description', 'jobs', 'ports', 'versions', 'sealed', 'flow'];
const UPCAST = code('a function (version, payload) => payload');
const BY_NAME = record(
  'an object by queue name (queues of your own come with MessageQueueModule.registerQueue)',
);
const QUEUE_NAME = matching(
  '1 to 64 letters, digits, - or _, the first a letter or digit',
  /^[a-z0-9][a-z0-9_-]{0,63}$/i,
);
const JOB_NAME = matching(
  '1 to 64 letters, digits, - _ or ., the first a letter or digit',
  /^[a-z0-9][a-z0-9_.-]{0,63}$/i,
);

/**
 * The queues with the overrides applied: options over environment over definition.
 * @param overrides the option `queues`
 * @param issues gets every mistake, those of the definitions too
 */
export function resolveQueues(
  definitions: readonly QueueDefinition[],
  overrides: unknown,
  environment: Environment,
  issues: Issues,
): QueueDefinition[] {
  const names = definitions.map(({ name }) => name);
  if (overrides !== undefined && issues.check('queues', overrides, BY_NAME)) {
    for (const name of Object.keys(overrides)) {
      if (names.includes(name)) continue;
      const hint = didYouMean(name, names) || ` Registered: ${names.join(', ')}.`;
      issues.add(`queues.${name}`, `is not a registered queue.${hint}`);
    }
  }
  const resolved = definitions.map((definition) => {
    checkDefinition(definition, issues);
    const own = isRecord(overrides) ? overrides[definition.name] : undefined;
    return resolveQueue(definition, own, environment, issues);
  });
  checkSharedRates(resolved, issues);
  return resolved;
}

function resolveQueue(
  definition: QueueDefinition,
  overrides: unknown,
  environment: Environment,
  issues: Issues,
): QueueDefinition {
  const { name } = definition;
  checkKeys(QUEUE_SETTINGS, overrides, issues, `queues.${name}`, ['flow']);
  const settings = readSettings(QUEUE_SETTINGS, {
    given: (path, { variable }) => {
      const full = variable === undefined ? undefined : `QUEUE_${variablePartOf(name)}_${variable}`;
      const candidates = [
        { raw: valueAt(overrides, path), name: `queues.${name}.${path}` },
        { raw: full === undefined ? undefined : environment.get(full), name: full ?? path },
      ];
      const given = candidates.find(({ raw }) => raw !== undefined);
      return given ?? { raw: valueAt(definition, path), name: `${name}.${path}` };
    },
    refuse: (_path, given, message) => issues.add(given.name, message),
  });
  const flow = valueAt(overrides, 'flow');
  if (flow === undefined) return Object.freeze({ ...definition, ...settings });
  checkFlow(flow, `queues.${name}.flow`, jobNamesOf(definition), issues);
  return Object.freeze({ ...definition, ...settings, flow: overriddenFlow(definition.flow, flow) });
}

/**
 * The flow of an override, all of it, but for what the handlers of the definition are written for: jobs that come in batches still do, and
 * have the keys that they are collected by.
 */
function overriddenFlow(defined: FlowPolicy | undefined, given: unknown): FlowPolicy {
  const flow = (isRecord(given) ? given : {}) as FlowPolicy;
  const batches = Object.entries(defined?.jobs ?? {}).flatMap(([job, { batch } = {}]) =>
    batch === undefined ? [] : [[job, batch] as const],
  );
  if (batches.length === 0) return flow;
  const jobs: Record<string, JobFlow | undefined> = { ...flow.jobs };
  for (const [job, batch] of batches) jobs[job] = { batch, ...jobs[job] };
  const key = flow.key ?? defined?.key;
  return { ...flow, ...(key !== undefined && { key }), jobs };
}

function jobNamesOf({ jobs }: { readonly jobs: unknown }): string[] {
  return isRecord(jobs) ? Object.keys(jobs) : [];
}

/** What is wrong with a definition besides its settings: its name, its jobs, keys that do not exist. */
function checkDefinition(definition: QueueDefinition, issues: Issues): void {
  const {
    name,
    description,
    jobs,
    versions,
    ports = [],
    sealed,
    flow,
  } = definition as unknown as Readonly<Record<string, unknown>>;
  const path = typeof name === 'string' && name !== '' ? name : 'defineQueue';
  checkKeys(QUEUE_SETTINGS, definition, issues, path, BESIDE_THE_SETTINGS);
  issues.check(`${path}.name`, name, QUEUE_NAME);
  if (typeof description !== 'string') {
    const got = description === undefined ? undefined : shown(description);
    issues.add(`${path}.description`, mustBe('one sentence for the board', got));
  }
  if (!Array.isArray(ports) || ports.some((port) => typeof port !== 'function')) {
    issues.add(`${path}.ports`, mustBe('a list of ports such as [MessageStore]', shown(ports)));
  }
  issues.checkGiven(`${path}.sealed`, sealed, flag());
  checkFlow(flow, `${path}.flow`, jobNamesOf(definition), issues);
  if (!isRecord(jobs) || Object.keys(jobs).length === 0) {
    issues.add(`${path}.jobs`, 'must name at least one job with its DTO class');
    return;
  }
  for (const [job, dto] of Object.entries(jobs)) {
    issues.check(`${path}.jobs.${job}`, job, JOB_NAME);
    issues.check(`${path}.jobs.${job}`, dto, code('a DTO class'));
  }
  for (const [job, version] of Object.entries(isRecord(versions) ? versions : {})) {
    checkVersion(`${path}.jobs.${job}`, version, issues);
  }
}

/** What is wrong with the version of a payload. */
function checkVersion(path: string, given: unknown, issues: Issues): void {
  if (!isRecord(given)) return;
  issues.knownKeys(path, given, ['payload', 'version', 'upcast']);
  issues.check(`${path}.version`, given['version'], PAYLOAD_VERSION);
  issues.checkGiven(`${path}.upcast`, given['upcast'], UPCAST);
}

/** Endings of the variables that a queue has, `QUEUE_<NAME>_<ending>`, with the settings they set. */
export const QUEUE_VARIABLE_ENDINGS: ReadonlyMap<string, string> = new Map(
  settingsOf(QUEUE_SETTINGS).flatMap(([path, { variable }]) =>
    variable === undefined ? [] : [[variable, path] as const],
  ),
);

/** The `<NAME>` of a queue's variables: `message-delivery` → `MESSAGE_DELIVERY`. */
export function variablePartOf(queueName: string): string {
  return queueName.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
}
