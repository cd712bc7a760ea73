import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { EventBuffer } from '../../src/buffered-events/buffer/event-buffer.js';
import { sharedOrigin } from '../../src/buffered-events/threads/shared-origin.js';
import type { FromThread, ThreadStart, ToThread } from '../../src/buffered-events/threads/thread-messages.js';

const ENTRY = join(__dirname, '../../src/buffered-events/threads/thread.ts');
const HOOK = join(__dirname, 'typescript-hook.cjs');

/** What one kind of message is. */
export type Said<Kind extends FromThread['kind']> = Extract<FromThread, { kind: Kind }>;

/** One real worker thread, with a buffer of its own and all that it says. */
export class EventThreadStage {
  static readonly TYPES = [
    'order.placed',
    'order.asked',
    'order.logged',
    'order.failed',
    'order.hangs',
    'order.late',
    'order.noted',
  ] as const;
  readonly buffer = EventBuffer.create({
    maxQueueSize: 100,
    maxMemoryMB: 2,
    maxEventSize: 5_120,
    weights: [3, 2, 1],
  });
  readonly heard: FromThread[] = [];
  readonly worker: Worker;
  readonly exited: Promise<number>;
  thrown: unknown;
  private exitCode: number | undefined;
  private sequence = 0;

  constructor(module: string, start: Partial<ThreadStart> = {}, env: NodeJS.ProcessEnv = {}) {
    const data: ThreadStart = {
      owner: 1,
      buffer: this.buffer.handle,
      bus: 'bus',
      module,
      maxEventSize: 5_120,
      timeOrigin: sharedOrigin(),
      concurrency: 10,
      handlerTimeoutMs: 30_000,
      beatEveryMs: 250,
      weights: [3, 2, 1],
      logLevels: null,
      ...start,
    };
    this.buffer.quarantine = 1;
    this.worker = new Worker(ENTRY, {
      workerData: data,
      execArgv: ['--require', HOOK],
      env: { ...process.env, ...env },
    });
    this.worker.on('message', (message: FromThread) => void this.heard.push(message));
    this.worker.on('error', (error) => (this.thrown = error));
    this.exited = new Promise((resolve) => this.worker.on('exit', resolve));
    void this.exited.then((code) => (this.exitCode = code));
  }

  /** The nth message of a kind, when it has come; fails when the thread ends before. */
  async said<Kind extends FromThread['kind']>(kind: Kind, nth = 0): Promise<Said<Kind>> {
    for (;;) {
      const found = this.heard.filter((message): message is Said<Kind> => message.kind === kind)[nth];
      if (found !== undefined) return found;
      await this.wait();
    }
  }

  async ready(): Promise<Said<'ready'>> {
    const ready = await this.said('ready');
    this.tell({ kind: 'types', types: EventThreadStage.TYPES });
    return ready;
  }

  tell(message: ToThread): void {
    this.worker.postMessage(message);
  }

  /** Stores an event and rings. */
  emit(...event: Parameters<EventThreadStage['store']>): void {
    this.store(...event);
    this.ring();
  }

  store(
    type: (typeof EventThreadStage.TYPES)[number],
    payload: unknown = {},
    further: { correlationId?: string; carried?: string } = {},
  ): void {
    const json = JSON.stringify(payload);
    const refused = this.buffer.put(
      {
        type: EventThreadStage.TYPES.indexOf(type),
        lane: 1,
        sequence: (this.sequence += 1),
        emittedAt: performance.timeOrigin + performance.now(),
        json,
        bytes: Buffer.byteLength(json),
        ...further,
      },
      'threads',
    );
    expect(refused).toBeNull();
  }

  ring(): void {
    if (this.buffer.cells(1).wake()) this.tell(0);
  }

  /** Until the buffer is empty. */
  async handled(): Promise<void> {
    while (this.buffer.size > 0) await this.wait();
  }

  /** A moment, while the thread lives. */
  async wait(): Promise<void> {
    if (this.exitCode !== undefined) {
      throw new Error(`exit ${this.exitCode}: ${JSON.stringify(this.heard)} ${String(this.thrown)}`);
    }
    await sleep(5);
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
