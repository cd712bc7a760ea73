import type { ChatMessage } from './chat-message.js';

/** Where an added job stands among those that wait. */
export type Importance = 'default' | 'most-important' | 'least-important';

/** What runs for each job. */
export type BenchHandler = (message: ChatMessage) => void;

/** A queue of one of the contestants. */
export interface BenchQueue {
  add(message: ChatMessage, importance: Importance): Promise<unknown>;
  addBulk(messages: readonly ChatMessage[], importance: Importance): Promise<unknown>;
  /** Runs the queue's jobs in this process. @returns stops it once active jobs have settled */
  work(handler: BenchHandler): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Which queue to open. */
export interface QueueRequest {
  readonly redisPort: number;
  readonly queueName: string;
  /** Handlers at the same time. */
  readonly concurrency: number;
}

/** A contestant. */
export interface Subject {
  /** As it is shown in the table. */
  readonly name: string;
  /** Whether its jobs live in this process; such a subject needs no Redis. */
  readonly inProcess: boolean;
  /** Opens an empty queue. */
  open(request: QueueRequest): Promise<BenchQueue>;
}
