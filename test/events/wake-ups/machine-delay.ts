import { Worker } from 'node:worker_threads';

const BEAT_MS = 1;

/** A thread that does nothing but beat, and says in shared memory how long the machine kept it from that. */
const BEATING = `
const { workerData } = require('node:worker_threads');
const gaps = new Int32Array(workerData);
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  const gap = Math.round((now - last) * 1000);
  last = now;
  if (gap > Atomics.load(gaps, 0)) Atomics.store(gaps, 0, gap);
  Atomics.add(gaps, 1, 1);
}, ${BEAT_MS});
`;

/** How long the machine itself keeps threads waiting, seen by one that has nothing to do with events, and by the app's own loop. */
export class MachineDelay {
  private readonly gaps = new Int32Array(new SharedArrayBuffer(8));
  private last = performance.now();
  private ownGap = 0;
  private readonly timer = setInterval(() => {
    const now = performance.now();
    this.ownGap = Math.max(this.ownGap, now - this.last);
    this.last = now;
  }, BEAT_MS);

  private readonly thread = new Worker(BEATING, { eval: true, workerData: this.gaps.buffer, execArgv: [] });

  static async watch(): Promise<MachineDelay> {
    const delay = new MachineDelay();
    await new Promise((resolve) => delay.thread.once('online', resolve));
    return delay;
  }

  /** Forgets what was. */
  begin(): void {
    Atomics.store(this.gaps, 0, 0);
    this.ownGap = 0;
    this.last = performance.now();
  }

  /** The longest since then that a thread or the app was kept waiting, milliseconds. */
  delay(): number {
    const own = Math.max(this.ownGap, performance.now() - this.last);
    const other = Atomics.load(this.gaps, 0) / 1000;
    return Math.max(own, other) - BEAT_MS;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.thread.terminate();
  }
}
