import { setTimeout as pause } from 'node:timers/promises';
import { getEnvironmentData, isMainThread } from 'node:worker_threads';
import { Module } from '@nestjs/common';
import { EventListener, OnEvent } from '../../../src/buffered-events/index.js';
import type { EventContext } from '../../../src/buffered-events/index.js';
import { dieBetweenClaims } from './nemesis-deaths.js';
import { Book, BOOK, MISTAKE, NEMESIS_TYPE } from './nemesis-events.js';
import type { NemesisPayload } from './nemesis-events.js';
import { makeMistake } from './nemesis-mistakes.js';

/** Longer than anything else takes: its thread is gone by then. */
const FOR_EVER_MS = 600_000;

// The app has made the mistake itself by the time that its own thread loads this.
if (!isMainThread) {
  makeMistake(getEnvironmentData(MISTAKE));
  dieBetweenClaims();
}

/** What kills the thread that runs it. */
const DEATHS: Record<string, () => unknown> = {
  exit: () => process.exit(3),
  throw: () => {
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
    return pause(FOR_EVER_MS, undefined, { ref: false });
  },
  loop: () => {
    for (;;);
  },
  // As deaf as an endless loop, and cheaper.
  block: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  heap: () => {
    const hoard: number[][] = [];
    for (;;) hoard.push(new Array<number>(100_000).fill(hoard.length));
  },
};

@EventListener()
export class NemesisHandler {
  private readonly book = new Book(getEnvironmentData(BOOK) as Int32Array);

  @OnEvent(NEMESIS_TYPE)
  async handle(
    { payload: { n, kind, takesMs } }: { readonly payload: NemesisPayload },
    { attempt }: EventContext,
  ): Promise<void> {
    const run = this.book.start(n, attempt);
    const [what = '', once] = kind.split('-');
    if (kind !== 'plain' && (once === undefined || run === 1)) await this.harm(what, n);
    if (takesMs > 0) await pause(takesMs);
    this.book.finish(n);
  }

  private async harm(what: string, n: number): Promise<void> {
    // The app itself must outlive what it handles in place of its threads.
    if (what === 'fails' || what === 'quits' || isMainThread) {
      this.book.fail(n);
      if (what === 'quits' && !isMainThread) setImmediate(() => process.exit(6));
      throw new Error('this run fails');
    }
    await DEATHS[what]?.();
  }
}

@Module({ providers: [NemesisHandler] })
export class NemesisThreadsModule {}
