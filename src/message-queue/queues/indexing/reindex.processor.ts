import { Processor } from '@nestjs/bull';
import { Clock } from '../../../kernel/time/clock.js';
import type { JobContext } from '../../handlers/job-context.js';
import { JobHandler } from '../../handlers/job-handler.decorator.js';
import { RetryLater } from '../../jobs/errors.js';
import { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { SearchIndex } from '../../ports/search-index.js';
import { Dependency, guardedPort } from '../guarded-port.js';
import { INDEXING_QUEUE } from './indexing.queue.js';
import { ReindexJobDto } from './reindex-job.dto.js';

/** Result of `reindex-messages`. */
export interface ReindexResult {
  /** Messages that the last run folded again; earlier runs of the job did the others. */
  readonly folded: number;
}

const DEFAULT_PAGE_SIZE = 200;
/** How long a run works before it lets others have its place: far below the timeout of the queue. */
const RUN_MS = 20_000;
const PAUSE_MS = 1_000;

/**
 * Handles `reindex-messages`. Goes through the index in short steps while it is written and searched, and through a long one in several runs, none
 * of which costs an attempt; stopped anywhere, it goes on where it was. Safe to run twice, and at once.
 */
@Processor(INDEXING_QUEUE.name)
export class ReindexProcessor {
  private readonly index: SearchIndex;

  constructor(
    index: SearchIndex,
    private readonly clock: Clock,
    breakers: CircuitBreakers,
  ) {
    this.index = guardedPort(index, Dependency.SEARCH, breakers);
  }

  /** Folds again what an older version folded. @throws RetryLater while some is left */
  @JobHandler(INDEXING_QUEUE, 'reindex-messages')
  async processReindex(payload: ReindexJobDto, context: JobContext): Promise<ReindexResult> {
    const { pageSize = DEFAULT_PAGE_SIZE } = payload;
    const { signal } = context;
    const until = this.clock.now() + RUN_MS;
    const outdated = await this.index.countOutdated(signal);
    let folded = 0;
    while (folded < outdated && this.clock.now() < until) {
      signal.throwIfAborted();
      const done = await this.index.refold(pageSize, signal);
      if (done === 0) break;
      folded += done;
      const percentage = Math.min(99, Math.floor((100 * folded) / outdated));
      await context.progress({
        percentage,
        step: 'folding',
        data: { folded, left: Math.max(0, outdated - folded) },
      });
    }
    const left = await this.index.countOutdated(signal);
    if (left > 0) throw new RetryLater(PAUSE_MS, `${left} messages are left to fold again.`);
    await context.progress({ percentage: 100, step: 'complete', data: { folded, left } });
    return { folded };
  }
}
