import { MAIN_OWNER } from '../buffer/buffer-words.js';
import { CLASSES } from '../judge/log-histogram.js';
import type { ConsumerReading } from './bus-readings.js';

/** What a bus without a buffer counts: on the heap, in the words of those who count in shared memory. */
export class DirectCounts {
  /** Runs begun, by lane. */
  readonly emitted: [critical: number, normal: number, low: number] = [0, 0, 0];
  private done = 0;
  private failed = 0;
  private processingUs = 0;
  private readonly latencies = new Int32Array(CLASSES);
  private readonly processings = new Int32Array(CLASSES);

  /** A run begins the moment it is emitted. */
  begun(lane: number): void {
    this.emitted[lane as 0 | 1 | 2] += 1;
    this.latencies[0] = (this.latencies[0] as number) + 1;
  }

  ended(isDone: boolean, processingMs: number): void {
    if (isDone) this.done = (this.done + 1) | 0;
    else this.failed = (this.failed + 1) | 0;
    const us = Math.round(processingMs * 1_000);
    this.processingUs = (this.processingUs + us) | 0;
    const at = us < 1 ? 0 : Math.min(CLASSES - 1, Math.floor(Math.log2(us)) + 1);
    this.processings[at] = (this.processings[at] as number) + 1;
  }

  reading(running: number): ConsumerReading {
    const { done, failed, processingUs, latencies, processings } = this;
    return {
      owner: MAIN_OWNER,
      live: true,
      resting: running === 0,
      running,
      done,
      failed,
      processing: processingUs,
      latencies,
      processings,
    };
  }
}
