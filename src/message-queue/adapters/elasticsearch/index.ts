export { elasticsearchAdapters } from './elasticsearch-adapters.js';
export type { ElasticsearchAsyncOptions } from './elasticsearch-adapters.js';
export type { ElasticsearchOptions } from './elasticsearch.options.js';
export { ElasticsearchSearchIndex } from './elasticsearch-search.index.js';
export { INDEX_DEFINITION } from './message-index.js';
export { SearchClusterError } from './search-cluster.error.js';
export { SearchScopeTooWideError } from './search-scope-too-wide.error.js';
export type { MessageFacts } from '../shared/search/visible-messages.js';
