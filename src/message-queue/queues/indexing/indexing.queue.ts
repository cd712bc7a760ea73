import { defineQueue } from '../../jobs/queue-definition.js';
import { SearchIndex } from '../../ports/search-index.js';
import { QueueName } from '../queue-name.js';
import { IndexingJobDto } from './indexing-job.dto.js';
import { ReindexJobDto } from './reindex-job.dto.js';

/** `message-indexing`: 3 at a time, 3 attempts, 3 s → 6, 60 s each. */
export const INDEXING_QUEUE = defineQueue({
  name: QueueName.MESSAGE_INDEXING,
  description: 'Keeps the search index up to date: index, update, delete.',
  jobs: { 'index-message': IndexingJobDto, 'reindex-messages': ReindexJobDto },
  ports: [SearchIndex],
  sealed: true,
  concurrency: 3,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 3_000 },
  timeoutMs: 60_000,
});
