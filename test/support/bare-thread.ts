// A worker thread that speaks as the one of the bus does, without a Nest application in it: its handlers are the types below.
import { execFileSync } from 'node:child_process';
import { parentPort, workerData } from 'node:worker_threads';
import { LaneReader } from '../../src/buffered-events/buffer/lane-reader.js';
import type { StoredEvent } from '../../src/buffered-events/buffer/buffer-words.js';
import { EventConsumer } from '../../src/buffered-events/consume/event-consumer.js';
import { timeOriginFrom } from '../../src/buffered-events/threads/shared-origin.js';
import type { FromThread, ThreadStart, ToThread } from '../../src/buffered-events/threads/thread-messages.js';

const start = workerData as ThreadStart & { readonly counts: Int32Array };
const port = parentPort;
if (port === null) throw new Error('This runs in a worker thread.');
const post = (message: FromThread): void => port.postMessage(message);
const origin = timeOriginFrom(start.timeOrigin);
let types: readonly string[] = [];

/** What happens to an event of a type, whose payload is its number. */
const HANDLERS: Record<string, (n: number) => unknown> = {
  count: (n) => void Atomics.add(start.counts, n, 1),
  slow: async (n) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    Atomics.add(start.counts, n, 1);
  },
  fails: () => {
    throw new Error('as asked');
  },
  exits: () => process.exit(7),
  loops: () => {
    for (;;);
  },
  throws: () => {
    setImmediate(() => {
      throw new TypeError('outside');
    });
    return new Promise(() => undefined);
  },
  grows: () => {
    const kept: unknown[] = [];
    for (;;) kept.push(Array.from({ length: 1_000 }, (_, n) => `${n} and so on`));
  },
  blocks: () => void execFileSync('sleep', ['4']),
  never: () => new Promise(() => undefined),
};

const reader = new LaneReader(start.buffer, start.owner, start.weights);
const consumer = new EventConsumer({
  source: reader,
  cells: reader.cells,
  outcomes: {
    done: (event) => {
      if (reader.done(event)) post({ kind: 'room' });
    },
    failed: ({ slot, generation }) =>
      post({ kind: 'failed', slot, generation, error: { name: 'Error', message: 'as asked' } }),
  },
  run: ({ type, json }: StoredEvent) => HANDLERS[types[type] ?? '']?.(Number(json)),
  now: () => origin + performance.now(),
  listenerFailed: () => undefined,
  concurrency: start.concurrency,
  perTurn: 64,
  handlerTimeoutMs: start.handlerTimeoutMs,
  doze: null,
});

port.on('message', (message: ToThread) => {
  if (message === 0) consumer.wake();
  else if (message.kind === 'types') {
    types = message.types;
    consumer.wake();
  } else if (message.kind === 'stop') void consumer.stop().then(() => process.exit(0));
});
setInterval(() => reader.cells.beat(), start.beatEveryMs);
if (start.module === 'fails') {
  post({ kind: 'boot-failed', error: { name: 'Error', message: 'no database' } });
  process.exit(1);
} else post({ kind: 'ready', handles: [] });
