import type { EventEmitter } from 'node:events';
import { ADD_REFUSED } from './local-events.js';

/**
 * An add by one of Bull's calls, which the queue tells of if it is refused.
 * @param name of the job, or of the first of many
 */
export function tellingRefusal<Added>(
  queue: Pick<EventEmitter, 'emit'>,
  name: string,
  adding: Promise<Added>,
): Promise<Added> {
  return adding.catch((error: unknown) => {
    queue.emit(ADD_REFUSED, name, error);
    throw error;
  });
}
