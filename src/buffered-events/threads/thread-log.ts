import { SafeLogger } from '../../kernel/host/safe-logger.js';
import type { ThreadLogLine } from './thread-messages.js';

const logger = new SafeLogger();

/** Writes a line of a thread as the app writes its own, and says whose it is. */
export function logFromThread(owner: number, { level, values }: ThreadLogLine): void {
  const context = values.at(-1);
  const where = `event thread ${owner}`;
  const rest = values.length > 1 && typeof context === 'string' ? values.slice(1, -1) : values.slice(1);
  const named = rest.length < values.length - 1 ? `${String(context)}, ${where}` : where;
  logger[level](values[0], ...rest, named);
}
