import type { Issues } from '../../kernel/values/issues.js';
import type { MessageQueueConfig } from '../message-queue.options.js';
import type { GivenSettings } from './given-settings.js';

/** Where jobs go while Redis is away; null unless they are to be spooled. */
export function resolveSpool(
  { values, origins }: GivenSettings,
  provider: 'memory' | 'redis',
  issues: Issues,
): MessageQueueConfig['spool'] {
  if (values.whenUnavailable !== 'spool') return null;
  const { directory, ...limits } = values.spool;
  if (provider === 'memory') {
    const path = origins.get('whenUnavailable') ?? 'whenUnavailable';
    issues.add(
      path,
      'cannot be "spool" with the provider "memory", which is never away: leave it out, or use Redis',
    );
  } else if (directory === undefined) {
    const message = 'is missing; whenUnavailable "spool" needs a directory that outlives the process';
    issues.add('spool.directory (MESSAGE_QUEUE_SPOOL_DIRECTORY)', message);
  }
  return Object.freeze({ directory: directory ?? '', ...limits });
}
