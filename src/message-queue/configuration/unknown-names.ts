import { closestTo, didYouMean } from '../../kernel/values/did-you-mean.js';
import type { Issue } from '../../kernel/errors.js';
import { CONFIGURATION_SCHEMA, SETTING_KEYS } from './configuration-schema.js';
import type { Environment } from './environment.js';
import { QUEUE_VARIABLE_SUFFIXES, variablePartOf } from './queue-variables.js';

const OUR_PREFIXES = ['MESSAGE_QUEUE_', 'REDIS_', 'QUEUE_'] as const;
/** What Kubernetes and Docker links set for a service that is named like our prefixes. */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)$/;
/** Names this short distance away are mistakes; farther ones belong to somebody else. */
const MAX_DISTANCE = 2;

/** Options that put the module together; they are taken off before the settings are read. */
export const SETUP_KEYS: readonly string[] = ['isGlobal', 'configKey', 'imports', 'adapters'];

/**
 * Variables that are set and look like ours but are not: each with what was probably meant. Names that are not near
 * one of ours are left alone, other programs share the environment.
 */
export function misspelledVariables(environment: Environment, queueNames: readonly string[]): Issue[] {
  const known = new Set<string>(SETTING_KEYS.map((key) => CONFIGURATION_SCHEMA[key].variable));
  const queues = queueNames.map(variablePartOf);
  for (const queue of queues)
    for (const suffix of QUEUE_VARIABLE_SUFFIXES) known.add(`QUEUE_${queue}_${suffix}`);
  const issues: Issue[] = [];
  for (const name of environment.names()) {
    if (known.has(name) || SERVICE_LINK.test(name)) continue;
    const meant = meantBy(name, known, queues);
    if (meant !== undefined) {
      issues.push({ path: name, message: `there is no such variable. Did you mean "${meant}"?` });
    }
  }
  return issues;
}

function meantBy(name: string, known: ReadonlySet<string>, queues: readonly string[]): string | undefined {
  const prefix = OUR_PREFIXES.find((candidate) => name.startsWith(candidate));
  if (prefix === undefined) return undefined;
  const rest = name.slice(prefix.length);
  if (prefix === 'QUEUE_') {
    const queueVariable = meantQueueVariable(rest, queues);
    if (queueVariable !== undefined) return queueVariable;
  }
  const candidates = [...known].filter((variable) => variable.startsWith(prefix));
  const closest = closestTo(
    rest,
    candidates.map((variable) => variable.slice(prefix.length)),
    MAX_DISTANCE,
  );
  // A numbered copy (REDIS_URL_2, REDIS_HOST2) is another server of the host's, not a slip.
  if (closest === undefined || rest.replace(/_?\d+$/, '') === closest) return undefined;
  return prefix + closest;
}

function meantQueueVariable(rest: string, queues: readonly string[]): string | undefined {
  const suffix = QUEUE_VARIABLE_SUFFIXES.find((candidate) => rest.endsWith(`_${candidate}`));
  if (suffix !== undefined) {
    const queue = closestTo(rest.slice(0, -suffix.length - 1), queues, MAX_DISTANCE);
    return queue === undefined ? undefined : `QUEUE_${queue}_${suffix}`;
  }
  for (const queue of queues) {
    if (!rest.startsWith(`${queue}_`)) continue;
    const closest = closestTo(rest.slice(queue.length + 1), QUEUE_VARIABLE_SUFFIXES, MAX_DISTANCE);
    if (closest !== undefined) return `QUEUE_${queue}_${closest}`;
  }
  return undefined;
}

/** Keys of an object that are not among the known ones, each with what was probably meant. */
export function unknownKeys(value: object, known: readonly string[], path = ''): Issue[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: `there is no such option.${didYouMean(key, known) || ` Known: ${known.join(', ')}.`}`,
    }));
}
