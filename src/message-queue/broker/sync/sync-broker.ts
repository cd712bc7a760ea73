import type { Queue } from 'bull';
import type { SealableQueue } from '../../jobs/sealing/payload-seal.js';
import type { AddRequest, BulkAddOutcome, ProviderName } from '../broker.js';
import { tryAdd } from '../memory/bulk-add.js';
import type { MemoryQueueOptions } from '../memory/bull/queue/memory-queue.options.js';
import { MemoryBroker } from '../memory/memory-broker.js';
import { SyncQueue } from './sync-queue.js';

/**
 * The way back from queues: jobs run where they are added. All else is as in memory, which it is made of: what is due later, what waits for its
 * group, and dead letters. What differs is listed in docs/rollback.md.
 */
export class SyncBroker extends MemoryBroker {
  override readonly provider: ProviderName = 'sync';

  override get addsInTurn(): boolean {
    return true;
  }

  /** One after the other, each as a single add; one that fails keeps none of the others from running. */
  override async addMany(queue: Queue, requests: readonly AddRequest[]): Promise<BulkAddOutcome[]> {
    const managed = this.managed(queue);
    const outcomes: BulkAddOutcome[] = [];
    for (const request of requests) outcomes.push(await tryAdd(managed, request));
    return outcomes;
  }

  protected override newQueue(definition: SealableQueue, options: MemoryQueueOptions): SyncQueue {
    return new SyncQueue(definition, options);
  }
}
