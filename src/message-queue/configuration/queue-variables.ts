import { settingsOf } from '../../kernel/values/setting.js';
import { QUEUE_SETTINGS } from '../jobs/queue-settings.js';

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
