import type { ChatMessage } from './chat-message.js';

/** What an add says beside its message. */
export interface AddOptions {
  /** On Bull's scale, 1 first to 10. Default: what an add without options gets. */
  readonly level?: number;
  /** Adds under the same key make one job. */
  readonly key?: string;
}

/** What runs for each job; what it throws fails the run. */
export type BenchHandler = (message: ChatMessage) => void;

/** A queue of one of the contestants. */
export interface BenchQueue {
  add(message: ChatMessage, options?: AddOptions): Promise<unknown>;
  /** @param level of all of them, as in `AddOptions` */
  addBulk(messages: readonly ChatMessage[], level?: number): Promise<unknown>;
  /** Runs the queue's jobs in this process. @returns stops it once active jobs have settled */
  work(handler: BenchHandler): Promise<() => Promise<void>>;
}

/** Jobs that failed for good. */
export interface BenchDeadLetters {
  /** The newest ones. */
  page(size: number): Promise<unknown>;
  /** All of them, counted by queue, job and error. @returns the total */
  count(): Promise<number>;
  /** @returns how many groups the newest letters make */
  groups(): Promise<number>;
  /** @returns how many were put back */
  replayAll(): Promise<number>;
}

/** A process of a host with its queues. */
export interface BenchHost {
  /** In the order of the names asked for, never empty. */
  readonly queues: readonly [BenchQueue, ...BenchQueue[]];
  /** Counts of all queues, as an operator's page asks for them. */
  metrics(): Promise<unknown>;
  /** Only of a contestant that keeps them. */
  readonly deadLetters?: BenchDeadLetters;
  close(): Promise<void>;
}

/** Which queues to open. */
export interface HostRequest {
  readonly redisPort: number;
  readonly queueNames: readonly [string, ...string[]];
  /** Handlers at the same time, per queue. */
  readonly concurrency: number;
  /** Runs of a job that fails, the next one without delay; null: as the contestant comes, or as its host sets it up. */
  readonly attempts: number | null;
}

/** A contestant, as its own process has loaded it. */
export interface Subject {
  /** Opens a host. */
  open(request: HostRequest): Promise<BenchHost>;
  /** Commands that the contestant's clients have sent since the process began. */
  calls(): number;
}
