import { Processor } from '@nestjs/bull';
import { Clock } from '../../../kernel/time/clock.js';
import type { JobContext } from '../../handlers/job-context.js';
import { JobHandler } from '../../handlers/job-handler.decorator.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { claimedTime } from '../../ports/messages/claimed-time.js';
import { SearchIndex } from '../../ports/search-index.js';
import type { IndexOutcome } from '../../ports/search-index.js';
import { Dependency, guardedPort } from '../guarded-port.js';
import { IndexWriteGroup } from './index-write-group.js';
import { IndexingJobDto, IndexingOperation } from './indexing-job.dto.js';
import { searchableText } from './searchable-text.js';
import { INDEXING_QUEUE } from './indexing.queue.js';

/** Result of `index-message`. */
export interface IndexingResult {
  readonly messageId: string;
  readonly operation: IndexingOperation;
  /** `removed` for a delete; otherwise whether the index took it or already had something newer. */
  readonly outcome: IndexOutcome | 'removed';
}

/** Handles `message-indexing`. Safe to run twice and out of order: the index compares versions, and a delete is final. */
@Processor(INDEXING_QUEUE.name)
export class MessageIndexingProcessor {
  private readonly index: SearchIndex;
  private readonly writes: IndexWriteGroup;

  constructor(
    index: SearchIndex,
    private readonly clock: Clock,
    breakers: CircuitBreakers,
  ) {
    this.index = guardedPort(index, Dependency.SEARCH, breakers);
    this.writes = new IndexWriteGroup(this.index);
  }

  /** Brings one message into the index, or out of it. An update older than the stored one changes nothing. */
  @JobHandler(INDEXING_QUEUE, 'index-message')
  async processIndexing(payload: IndexingJobDto, context: JobContext): Promise<IndexingResult> {
    const { messageId, operation } = payload;
    await context.progress({ percentage: 10, step: 'preprocessing', currentStep: 1, totalSteps: 3 });
    context.signal.throwIfAborted();
    const result = { messageId, operation, outcome: await this.apply(payload, context) };
    await context.progress({ percentage: 100, step: 'complete', currentStep: 3, totalSteps: 3 });
    return result;
  }

  private async apply(payload: IndexingJobDto, context: JobContext): Promise<IndexingResult['outcome']> {
    const { messageId, senderId, conversationId, content } = payload;
    if (payload.operation === IndexingOperation.DELETE) {
      await context.progress({ percentage: 50, step: 'removing', currentStep: 2, totalSteps: 3 });
      await this.index.removeMany([messageId], new Date(this.clock.now()), context.signal);
      return 'removed';
    }
    const document = {
      messageId,
      // The DTO requires them for every operation but delete.
      senderId: senderId ?? '',
      conversationId: conversationId ?? '',
      content: searchableText(content ?? ''),
      createdAt: claimedTime(payload.createdAt, context.addedAt),
      version: claimedTime(payload.updatedAt ?? payload.createdAt, context.addedAt).getTime(),
    };
    await context.progress({ percentage: 50, step: 'writing', currentStep: 2, totalSteps: 3 });
    return this.writes.write(document, context.signal);
  }
}
