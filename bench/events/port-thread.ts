import { parentPort, workerData } from 'node:worker_threads';
import type { BenchEvent } from './bench-event.js';
import { handleBenchEvent } from './bench-handler.js';

/** What a thread is told at its start. */
export interface PortThread {
  /** Whether it says of each event that it was handled. */
  readonly answers: boolean;
}

const { answers } = (workerData ?? { answers: false }) as PortThread;

/** A thread that handles what is posted to it, one by one or in batches. */
parentPort?.on('message', (message: BenchEvent | readonly BenchEvent[]) => {
  if ('length' in message) for (const event of message) void handleBenchEvent(event);
  else if (answers) void handleBenchEvent(message).then(() => parentPort?.postMessage(message.n));
  else void handleBenchEvent(message);
});
