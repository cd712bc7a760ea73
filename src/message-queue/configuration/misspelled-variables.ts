import { closestTo } from '../../kernel/values/did-you-mean.js';
import type { Issues } from '../../kernel/values/issues.js';
import { settingsOf } from '../../kernel/values/setting.js';
import type { Environment } from './environment.js';
import { QUEUE_VARIABLE_ENDINGS, variablePartOf } from './resolve-queues.js';
import { SETTINGS } from './settings.js';

const OUR_PREFIXES = ['MESSAGE_QUEUE_', 'REDIS_', 'QUEUE_'] as const;
/** What Kubernetes and Docker links set for a service that is named like our prefixes. */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)$/;
/** Names this short distance away are mistakes; farther ones belong to somebody else. */
const MAX_DISTANCE = 2;
const ENDINGS = [...QUEUE_VARIABLE_ENDINGS.keys()];

/**
 * Refuses variables that are set and look like ours but are not, each with what was probably meant. Names that are not
 * near one of ours are left alone, other programs share the environment.
 */
export function refuseMisspelledVariables(
  environment: Environment,
  queueNames: readonly string[],
  issues: Issues,
): void {
  const queues = queueNames.map(variablePartOf);
  const known = new Set([
    ...settingsOf(SETTINGS).flatMap(([, { variable, file }]) => {
      if (variable === undefined) return [];
      return file === true ? [variable, `${variable}_FILE`] : [variable];
    }),
    ...queues.flatMap((queue) => ENDINGS.map((ending) => `QUEUE_${queue}_${ending}`)),
  ]);
  for (const name of environment.names()) {
    if (known.has(name) || SERVICE_LINK.test(name)) continue;
    const meant = meantBy(name, known, queues);
    if (meant !== undefined) issues.add(name, `there is no such variable. Did you mean "${meant}"?`);
  }
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
  const ending = ENDINGS.find((candidate) => rest.endsWith(`_${candidate}`));
  if (ending !== undefined) {
    const queue = closestTo(rest.slice(0, -ending.length - 1), queues, MAX_DISTANCE);
    return queue === undefined ? undefined : `QUEUE_${queue}_${ending}`;
  }
  for (const queue of queues) {
    if (!rest.startsWith(`${queue}_`)) continue;
    const closest = closestTo(rest.slice(queue.length + 1), ENDINGS, MAX_DISTANCE);
    if (closest !== undefined) return `QUEUE_${queue}_${closest}`;
  }
  return undefined;
}
