import { SafeLogger } from '../../kernel/host/safe-logger.js';
import type { MessageQueueConfig } from '../message-queue.options.js';

let exiting = false;

/**
 * Ends the process because a handler ignores its abort (`onStuckHandler: 'exit'`): as a SIGTERM would, so that other
 * jobs finish or are handed back, and for certain once the time of a shutdown is over.
 */
export function exitForRestart({ shutdownTimeoutMs, abortGraceMs }: MessageQueueConfig): void {
  if (exiting) return;
  exiting = true;
  new SafeLogger('MessageQueueModule').error('The process exits to be restarted: a handler is stuck.');
  process.exitCode = 1;
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), shutdownTimeoutMs + 2 * abortGraceMs + 5_000).unref();
}
