import type { FactoryProvider, Provider } from '@nestjs/common';
import { SearchIndex } from '../../ports/search-index.js';
import { ElasticsearchSearchIndex } from './elasticsearch-search.index.js';
import type { ElasticsearchOptions } from './elasticsearch.options.js';

/** Options that a factory makes, usually from a ConfigService. */
export interface ElasticsearchAsyncOptions {
  /** What the factory takes, in order; their modules go into the `imports` of the registration. */
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...injected: never[]) => ElasticsearchOptions | Promise<ElasticsearchOptions>;
}

/** {@link ElasticsearchSearchIndex} as the app's SearchIndex, for the module's `adapters`. */
export function elasticsearchAdapters(options: ElasticsearchOptions | ElasticsearchAsyncOptions): Provider[] {
  return [
    'useFactory' in options
      ? {
          provide: ElasticsearchSearchIndex,
          useFactory: async (...injected: never[]) =>
            new ElasticsearchSearchIndex(await options.useFactory(...injected)),
          inject: [...(options.inject ?? [])],
        }
      : { provide: ElasticsearchSearchIndex, useFactory: () => new ElasticsearchSearchIndex(options) },
    { provide: SearchIndex, useExisting: ElasticsearchSearchIndex },
  ];
}
