import { parentPort, workerData } from 'node:worker_threads';
import { EventThread } from './inside/event-thread.js';
import type { ThreadStart } from './thread-messages.js';

// The file that each worker thread runs. The app's side finds it beside its own files.
if (parentPort !== null) void new EventThread(parentPort, workerData as ThreadStart).boot();
