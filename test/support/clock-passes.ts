import { waitUntil } from './wait-until.js';

/**
 * Waits until the clock shows a time more than `ms` after now, for what goes by the clock alone: ends of times to live, ages,
 * and orders of finishing. Without `ms`: until the next millisecond.
 */
export async function clockPasses(ms = 0): Promise<void> {
  const end = Date.now() + ms;
  await waitUntil(() => Date.now() > end, `the clock to pass ${new Date(end).toISOString()}`);
}
