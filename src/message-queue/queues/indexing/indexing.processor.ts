import { Processor } from '@nestjs/bull';
import { Clock } from '../../../kernel/time/clock.js';
import type { JobContext } from '../../handlers/job-context.js';
import { JobHandler } from '../../handlers/job-handler.decorator.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { claimedTime } from '../../ports/messages/claimed-time.js';
import { ConversationStore } from '../../ports/messages/conversation-store.js';
import { SearchIndex } from '../../ports/search-index.js';
import type { IndexOutcome } from '../../ports/search-index.js';
import { Dependency, guardedPort } from '../guarded-port.js';
import { contentVersion } from '../content-version.js';
import { ContentFormat } from './content-format.js';
import { IndexWriteGroup } from './index-write-group.js';
import { IndexingJobDto, IndexingOperation } from './indexing-job.dto.js';
import { OutdatedDocuments } from './outdated-documents.js';
import { searchableText } from './searchable-text.js';
import { INDEXING_QUEUE } from './indexing.queue.js';

/** Result of `index-message`. */
export interface IndexingResult {
  readonly messageId: string;
  readonly operation: IndexingOperation;
  /** `removed` for a delete; otherwise whether the index took it or already had something newer. */
  readonly outcome: IndexOutcome | 'removed';
}

/** Handles `index-message`. Safe to run twice and out of order: the index compares versions, and a delete is final. */
@Processor(INDEXING_QUEUE.name)
export class MessageIndexingProcessor {
  private readonly index: SearchIndex;
  private readonly writes: IndexWriteGroup;
  private readonly outdated: OutdatedDocuments;

  constructor(
    index: SearchIndex,
    conversations: ConversationStore,
    private readonly clock: Clock,
    breakers: CircuitBreakers,
  ) {
    this.index = guardedPort(index, Dependency.SEARCH, breakers);
    this.writes = new IndexWriteGroup(this.index, guardedPort(conversations, Dependency.STORE, breakers));
    this.outdated = new OutdatedDocuments(index);
  }

  /**
   * Brings one message into the index, or out of it. An update older than the stored one changes nothing, nor does an `index` after any update,
   * or one of a message that was hidden when its conversation was deleted (`deleted`).
   */
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
      recipientIds: payload.recipientIds,
      content: searchableText(content ?? '', payload.format ?? ContentFormat.PLAIN),
      createdAt: claimedTime(payload.createdAt, context.addedAt),
      version: contentVersion(
        payload.updatedAt ?? payload.createdAt,
        context.addedAt,
        payload.operation === IndexingOperation.UPDATE,
      ),
    };
    await context.progress({ percentage: 50, step: 'writing', currentStep: 2, totalSteps: 3 });
    const outcome = await this.writes.write(document, context.signal);
    this.outdated.tellOnce();
    return outcome;
  }
}
