import type { BenchEvent } from './bench-event.js';
import { Seen } from './seen.js';

let seen: Seen | undefined;

/** The handler of every contestant. */
export async function handleBenchEvent({ at, busyMs }: BenchEvent): Promise<void> {
  seen ??= Seen.get();
  seen.note(at);
  if (busyMs > 0) for (const until = performance.now() + busyMs; performance.now() < until;);
}

/** What piscina runs in its threads. */
module.exports.default = handleBenchEvent;
