import { IsInt, IsOptional, IsString } from 'class-validator';
import { defineQueue } from '../../src/message-queue/index.js';
import type { MessageQueueOptions } from '../../src/message-queue/index.js';

export class NoteDto {
  @IsInt()
  n!: number;

  @IsOptional()
  @IsString()
  text?: string;
}

export const NOTES = defineQueue({
  name: 'notes',
  description: 'Jobs that wait on disk.',
  jobs: { note: NoteDto },
  concurrency: 1,
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 100 },
  timeoutMs: 30_000,
});

/** Of a host that spools. */
export function spoolingOptions(
  port: number,
  directory: string,
  limits: MessageQueueOptions['spool'] = {},
): MessageQueueOptions {
  return {
    ...{ provider: 'redis', environment: 'test', prefix: 'spooling', builtInQueues: false },
    redis: { host: '127.0.0.1', port },
    ...{ board: { enabled: false }, whenUnavailable: 'spool', spool: { directory, ...limits } },
  };
}
