import { parentPort } from 'node:worker_threads';
import type { BenchEvent } from './bench-event.js';
import { handleBenchEvent } from './bench-handler.js';

/** A thread that handles what is posted to it, one by one or in batches. */
parentPort?.on('message', (message: BenchEvent | readonly BenchEvent[]) => {
  if ('length' in message) for (const event of message) void handleBenchEvent(event);
  else void handleBenchEvent(message);
});
