import type { Queue } from 'bull';
import type { SealableQueue } from '../jobs/sealing/payload-seal.js';
import type { Broker } from './broker.js';

/** A registered queue with what keeps it and what describes it. */
export interface ManagedQueue {
  readonly queue: Queue;
  /** The broker that created the queue. */
  readonly broker: Broker;
  /** With the host's overrides applied. */
  readonly definition: SealableQueue;
}

/** The queues that are registered in this process. Type and injection token in one. */
export abstract class ManagedQueues {
  /** Names in the order of registration. */
  abstract names(): readonly string[];
  /** @throws UnknownQueueError naming the registered queues */
  abstract get(name: string): ManagedQueue;
}
