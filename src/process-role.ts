import type { INestApplicationContext } from '@nestjs/common';
import { MESSAGE_QUEUE_CONFIG } from './message-queue/index.js';
import type { MessageQueueConfig } from './message-queue/index.js';

/**
 * Web servers and workers in processes of their own have to share their queues and their messages.
 * @param databaseUrl where this process keeps messages; undefined: in its own memory
 * @returns the role of this process
 * @throws Error that names what to set when this process shares nothing
 */
export function checkProcessRole(
  app: INestApplicationContext,
  databaseUrl: string | undefined,
): MessageQueueConfig['role'] {
  const { role, provider } = app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG);
  if (role === 'both') return role;
  const missing = [
    ...(provider !== 'redis' ? ['MESSAGE_QUEUE_PROVIDER=redis and REDIS_URL=redis://…'] : []),
    ...(databaseUrl ? [] : ['DATABASE_URL=postgres://… (on one machine a SQLite file will do)']),
  ];
  if (missing.length === 0) return role;
  throw new Error(
    `MESSAGE_QUEUE_ROLE=${role}: this process has to share queues and messages with the others. Set ${missing.join(' and ')}.`,
  );
}
