import { REDIS_GUARANTEES } from '../../kernel/redis/redis-guarantee.js';
import type { RedisGuarantee } from '../../kernel/redis/redis-guarantee.js';
import { closestTo } from '../../kernel/values/did-you-mean.js';
import { environmentOf } from '../../kernel/values/environment-name.js';
import type { EnvironmentName } from '../../kernel/values/environment-name.js';
import { kind, Refusal } from '../../kernel/values/kind.js';
import { flag } from '../../kernel/values/kinds.js';
import { cronExpression } from '../admission/repeat-rules.js';
import type { PortClass } from '../jobs/queue-definition.js';
import { isQueueName, QueueName } from '../queues/queue-name.js';

/** What a process runs for. */
export const environmentName = kind<EnvironmentName, Exclude<EnvironmentName, 'unset'>>(
  'exactly "development" or "test"; anything else counts as "production"',
  environmentOf,
);

/** A cron expression that comes due, or `off`. */
export const cronOrOff = kind<string>(`"off", or ${cronExpression().expected}`, (value) =>
  typeof value === 'string' && value.toLowerCase() === 'off' ? 'off' : cronExpression().read(value),
);

/** Ports by their classes or names; in a variable the names, separated by commas. */
export const portNames = kind<true | readonly string[], boolean | readonly (PortClass | string)[]>(
  'true, or ports such as [MessageStore] (in a variable their names, separated by commas)',
  (value) => {
    if (typeof value === 'boolean') return value || [];
    if (!Array.isArray(value)) return new Refusal();
    const names = value.map((port: unknown) => (typeof port === 'function' ? port.name : port));
    return names.every((name) => typeof name === 'string' && name !== '')
      ? (names as string[])
      : new Refusal();
  },
  {
    fromText: (text) => {
      const all = flag().fromText(text);
      if (!(all instanceof Refusal)) return all || [];
      const names = text.split(',').map((name) => name.trim());
      return names.includes('') ? new Refusal() : names;
    },
  },
);

/** What an operator may guarantee of Redis; in a variable separated by commas. */
export const redisGuarantees = kind<readonly RedisGuarantee[]>(
  `a list of ${REDIS_GUARANTEES.join(', ')}`,
  pickGuarantees,
  { fromText: (text) => pickGuarantees(text.split(',').map((name) => name.trim())) },
);

function pickGuarantees(value: unknown): readonly RedisGuarantee[] | Refusal {
  if (!Array.isArray(value)) return new Refusal();
  const known = REDIS_GUARANTEES.filter((guarantee) => value.includes(guarantee));
  return known.length === new Set(value).size ? Object.freeze(known) : new Refusal();
}

/** The six built-in queues. */
export const QUEUE_NAMES = Object.values(QueueName);

/** Some of the six, or `false` for none; in a variable separated by commas. */
export const pickedQueues = kind<readonly QueueName[], false | readonly QueueName[]>(
  `false, or a list of ${QUEUE_NAMES.join(', ')}`,
  pickQueues,
  {
    fromText: (text) =>
      pickQueues(flag().fromText(text) === false ? false : text.split(',').map((name) => name.trim())),
    toText: (names) => (names.length === 0 ? 'false' : names.join(',')),
  },
);

/** The picked queues in their usual order, each once. */
function pickQueues(value: unknown): readonly QueueName[] | Refusal {
  if (value === false) return [];
  if (!Array.isArray(value) || value.length === 0) return new Refusal();
  const wrong: unknown = value.find((name) => !isQueueName(name));
  if (wrong === undefined) return Object.freeze(QUEUE_NAMES.filter((name) => value.includes(name)));
  const closest = typeof wrong === 'string' ? closestTo(wrong, QUEUE_NAMES) : undefined;
  return new Refusal(closest === undefined ? undefined : `did you mean "${closest}"?`);
}
