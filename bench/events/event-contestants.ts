import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Piscina } from 'piscina';
import { BufferedEventBusService, BufferedEventsModule } from '../../src/buffered-events/index.js';
import type { BenchEvent } from './bench-event.js';
import { handleBenchEvent } from './bench-handler.js';
import type { PortThread } from './port-thread.js';

export const THREADS = 2;
const HANDLER = join(__dirname, 'bench-handler.js');

/** Somebody who brings events to their handler. */
export interface EventContestant {
  readonly name: string;
  /** @returns what emits events, in one go */
  start(): Promise<(events: readonly BenchEvent[]) => unknown>;
}

async function startBus(): Promise<(events: readonly BenchEvent[]) => unknown> {
  @Module({
    imports: [
      BufferedEventsModule.forRoot({
        ...{ workerCount: THREADS, maxQueueSize: 10_000, maxMemoryMB: 50 },
        threads: { module: join(__dirname, 'bench-threads.module.js') },
      }),
    ],
  })
  class BenchHost {}
  const app = await NestFactory.createApplicationContext(BenchHost, { logger: ['error', 'fatal'] });
  const bus = app.get(BufferedEventBusService);
  return async (events) => {
    const [only] = events;
    if (events.length === 1 && only !== undefined) await bus.emitEvent('bench', only);
    else await Promise.all(events.map((event) => bus.emitEvent('bench', event)));
  };
}

function startPorts(workerData?: PortThread): Worker[] {
  return Array.from({ length: THREADS }, () => new Worker(join(__dirname, 'port-thread.js'), { workerData }));
}

/** First the one that is measured, then what it is measured by. */
export const EVENT_CONTESTANTS: readonly EventContestant[] = [
  { name: 'bus', start: startBus },
  {
    name: 'postMessage, one by one',
    start: async () => {
      const threads = startPorts();
      return (events) => {
        for (const event of events) threads[event.n % THREADS]?.postMessage(event);
      };
    },
  },
  {
    name: 'postMessage, one by one, each answered',
    start: async () => {
      const threads = startPorts({ answers: true });
      // What a thread's death would leave unhandled: the least that one must know to handle it again.
      const underWay = new Map<number, BenchEvent>();
      for (const thread of threads) thread.on('message', (n: number) => underWay.delete(n));
      return (events) => {
        for (const event of events) {
          underWay.set(event.n, event);
          threads[event.n % THREADS]?.postMessage(event);
        }
      };
    },
  },
  {
    name: 'postMessage, in batches of 50',
    start: async () => {
      const threads = startPorts();
      let turn = 0;
      return (events) => {
        for (let from = 0; from < events.length; from += 50) {
          threads[turn++ % THREADS]?.postMessage(events.slice(from, from + 50));
        }
      };
    },
  },
  {
    name: 'piscina',
    start: async () => {
      const pool = new Piscina({
        ...{ filename: HANDLER, minThreads: THREADS, maxThreads: THREADS },
        ...{ concurrentTasksPerWorker: 10, maxQueue: Infinity },
      });
      return (events) => Promise.all(events.map((event) => pool.run(event)));
    },
  },
  {
    name: 'EventEmitter, same thread',
    start: async () => {
      const emitter = new EventEmitter();
      emitter.on('bench', (event: BenchEvent) => void handleBenchEvent(event));
      return (events) => {
        for (const event of events) emitter.emit('bench', event);
      };
    },
  },
];

/** Nothing is emitted: what the timers that emit cost by themselves. */
export const EMPTY_LOOP: EventContestant = { name: 'empty loop', start: async () => () => undefined };
