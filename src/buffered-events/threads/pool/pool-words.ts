import type { Worker } from 'node:worker_threads';
import type { BufferHandle, Hold } from '../../buffer/buffer-words.js';
import type { RefusalRecord } from '../../consume/refusal-record.js';
import type { ErrorRecord } from '../../events/event-words.js';
import type { FromThread, HandledType } from '../thread-messages.js';

/** What the pool sees of what a thread writes down of itself. */
export interface PoolCells {
  /** Whether it rests, for want of events. */
  readonly resting: boolean;
  /** Whether it rests, and looks by itself before long. */
  readonly dozing: boolean;
  /** Takes the word that it rests: true for one caller alone, who then rings for it. */
  wake(): boolean;
  /** Counted up by a thread that answers. */
  readonly beats: number;
  /** Whether it may claim nothing more. */
  draining: boolean;
  /** Slot of the suspect that it runs, and nothing beside it; −1: none. */
  readonly alone: number;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  /** Forgets what the thread before it said of itself. */
  reset(): void;
}

/** What the pool sees of the buffer. */
export interface PoolBuffer {
  readonly handle: BufferHandle;
  /** The thread that runs suspects; −1: none does. */
  quarantine: number;
  cells(owner: number): PoolCells;
  /** What threads could claim now, suspects last. */
  readyInLanes(): readonly [critical: number, normal: number, low: number, suspects: number];
}

/** An emit of a thread, and the answer that it gets. */
export type EmitCall = Extract<FromThread, { kind: 'emit' }>;
export interface EmitAnswer {
  readonly id?: string;
  readonly error?: RefusalRecord;
}

/** How a thread ended. */
export interface ThreadDeath {
  /** Whether it ran one suspect and nothing beside it. */
  readonly alone: boolean;
  /** Whether it was told to: nothing that it held is to blame. */
  readonly planned: boolean;
}

/** Who is told what happens in threads, in the app's thread. */
export interface PoolListener {
  /** A thread has booted, and claims nothing before this returns. What this throws, it could not boot for. */
  ready(owner: number, handles: readonly HandledType[]): void;
  /** A run failed there. */
  failed(owner: number, hold: Hold, error: ErrorRecord): void;
  /** There is room again for emits that wait for it. */
  room(): void;
  emit(owner: number, call: EmitCall): Promise<EmitAnswer>;
  /** A thread is gone, and nothing of it writes any more: what it held is free to be given on. Called before another takes its number. */
  died(owner: number, death: ThreadDeath): void;
  /** So many threads can claim from now on. */
  liveChanged(live: number): void;
}

/** What is used of a worker thread. */
export interface ThreadWorker extends Pick<Worker, 'postMessage' | 'terminate' | 'ref' | 'unref'> {
  on(event: 'message', listener: (message: FromThread) => void): unknown;
  on(event: 'messageerror' | 'error', listener: (error: unknown) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
}
