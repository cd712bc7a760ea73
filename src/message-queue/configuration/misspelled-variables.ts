import { isServiceLink, meantVariable, nearVariable } from '../../kernel/settings/misspelled-variable.js';
import type { Issues } from '../../kernel/values/issues.js';
import { settingsOf } from '../../kernel/values/setting.js';
import type { Environment } from '../../kernel/settings/environment.js';
import { QUEUE_VARIABLE_ENDINGS, variablePartOf } from './resolve-queues.js';
import { SETTINGS } from './settings.js';

const OUR_PREFIXES = ['MESSAGE_QUEUE_', 'REDIS_', 'QUEUE_'] as const;
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
    if (known.has(name) || isServiceLink(name)) continue;
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
  return meantVariable(name, prefix, known);
}

function meantQueueVariable(rest: string, queues: readonly string[]): string | undefined {
  const ending = ENDINGS.find((candidate) => rest.endsWith(`_${candidate}`));
  if (ending !== undefined) {
    const queue = nearVariable(rest.slice(0, -ending.length - 1), queues);
    return queue === undefined ? undefined : `QUEUE_${queue}_${ending}`;
  }
  for (const queue of queues) {
    if (!rest.startsWith(`${queue}_`)) continue;
    const closest = nearVariable(rest.slice(queue.length + 1), ENDINGS);
    if (closest !== undefined) return `QUEUE_${queue}_${closest}`;
  }
  return undefined;
}
