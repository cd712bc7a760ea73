import type { ChildProcess } from 'node:child_process';
import { waitUntil } from '../../support/wait-until.js';
import type { FaultBench } from './fault-bench.js';

const STARTS_WITHIN_MS = 30_000;
const LEAVES_WITHIN_MS = 30_000;

/** Keeps a number of workers alive, as a process manager does: one that ends is started again. */
export class WorkerPool {
  private readonly ready = new Set<ChildProcess>();
  private readonly leaving: ChildProcess[] = [];
  private closed = false;
  private wake: () => void = () => undefined;
  private readonly stopped = new Promise<void>((resolve) => (this.wake = resolve));
  private readonly supervised: Promise<void>[];

  constructor(
    private readonly bench: FaultBench,
    count: number,
    private readonly concurrency: number,
  ) {
    this.supervised = Array.from({ length: count }, () => this.supervise());
    // Told by close().
    for (const slot of this.supervised) slot.catch(() => undefined);
  }

  /** Waits until all workers work. */
  async whenReady(): Promise<void> {
    await waitUntil(() => this.ready.size === this.supervised.length, 'the workers', STARTS_WITHIN_MS);
  }

  /** Workers that work and were not told to leave. */
  get working(): ChildProcess[] {
    return [...this.ready].filter((child) => !this.leaving.includes(child));
  }

  /** Tells a worker to stop; `close()` checks that it went in order. */
  terminate(child: ChildProcess): void {
    this.leaving.push(child);
    child.kill('SIGTERM');
  }

  /**
   * Starts no worker any more; those that work are left to the bench.
   * @throws Error when a worker did not start, or one that was told to stop did not exit with 0
   */
  async close(): Promise<void> {
    this.closed = true;
    this.wake();
    await Promise.all(this.supervised);
    for (const child of this.leaving) {
      await waitUntil(() => hasEnded(child), 'a worker that was told to stop', LEAVES_WITHIN_MS);
      if (child.signalCode === null && child.exitCode !== 0) {
        throw new Error(`A worker that was told to stop exited with ${child.exitCode} instead of 0.`);
      }
    }
  }

  private async supervise(): Promise<void> {
    while (!this.closed) {
      const child = await this.bench.worker(this.concurrency);
      this.ready.add(child);
      await Promise.race([this.stopped, untilEnded(child)]);
      this.ready.delete(child);
    }
  }
}

function untilEnded(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    if (hasEnded(child)) resolve();
  });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
