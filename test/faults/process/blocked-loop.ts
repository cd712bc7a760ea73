import { EventEmitter, once } from 'node:events';

const blocks = new EventEmitter().setMaxListeners(0);

/** Blocks the event loop. */
export function blockEventLoop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  blocks.emit('over');
}

/** Resolves when the event loop was blocked, and rejects when the signal aborts. */
export async function untilBlocked(signal: AbortSignal): Promise<void> {
  await once(blocks, 'over', { signal });
}
