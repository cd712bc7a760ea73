import { setTimeout as pause } from 'node:timers/promises';
import { BroadcastChannel, getEnvironmentData, isMainThread, threadId } from 'node:worker_threads';
import { Module } from '@nestjs/common';
import { EventListener, OnEvent } from '../../../src/buffered-events/index.js';
import type { EventContext } from '../../../src/buffered-events/index.js';
import { COUNTS, Counts, STARTS } from './counts.js';

/** Milliseconds since the epoch, as exact as the machine says them. */
const now = (): number => performance.timeOrigin + performance.now();

/** Handlers that count, in memory which all threads share. */
@EventListener()
export class CountingHandlers {
  private readonly counts = new Counts(getEnvironmentData(COUNTS) as Int32Array);
  private readonly channel = new BroadcastChannel(STARTS);

  constructor() {
    // It is no reason to live on.
    this.channel.unref();
  }

  /** Notes that it ran, in which order, and where. */
  @OnEvent('count')
  async count({ payload: { n, takesMs } }: { payload: { n: number; takesMs?: number } }): Promise<void> {
    this.counts.note(n, isMainThread ? 0 : threadId);
    if (takesMs !== undefined) await pause(takesMs);
    this.counts.finish(n);
  }

  /** Says at once when it started. */
  @OnEvent('ping')
  ping({ payload: { n } }: { payload: { n: number } }, { emittedAt }: EventContext): void {
    this.channel.postMessage({ n, emittedAt, startedAt: now() });
  }

  /** Holds its thread until the app opens the gate: whatever is emitted meanwhile waits. */
  @OnEvent('gate')
  gate(): void {
    this.counts.waitAtGate();
  }

  /** Tells how large the heap of its thread is, after a collection. */
  @OnEvent('heap')
  heap(): void {
    globalThis.gc?.();
    this.counts.tellHeap(process.memoryUsage().heapUsed);
  }
}

@Module({ providers: [CountingHandlers] })
export class CountingThreadsModule {}
