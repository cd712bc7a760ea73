import type { FactoryProvider, Provider } from '@nestjs/common';
import { ConversationMembers } from '../../ports/messages/conversation-members.js';
import { ConversationStore } from '../../ports/messages/conversation-store.js';
import { MessageStore } from '../../ports/messages/message-store.js';
import { SearchIndex } from '../../ports/search-index.js';
import { ElasticsearchSearchIndex } from './elasticsearch-search.index.js';
import type { ElasticsearchOptions } from './elasticsearch.options.js';

/** Options that a factory makes, usually from a ConfigService. */
export interface ElasticsearchAsyncOptions {
  /** What the factory takes, in order; their modules go into the `imports` of the registration. */
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...injected: never[]) => ElasticsearchOptions | Promise<ElasticsearchOptions>;
}

/** The stores that a search asks who may see what, whichever they are in the app. */
const FACTS = [ConversationStore, ConversationMembers, MessageStore];

/** {@link ElasticsearchSearchIndex} as the app's SearchIndex, for the module's `adapters`. It asks the app's stores what is hidden from whom. */
export function elasticsearchAdapters(options: ElasticsearchOptions | ElasticsearchAsyncOptions): Provider[] {
  const { inject = [], useFactory } = 'useFactory' in options ? options : { useFactory: () => options };
  const makeOptions = useFactory as (
    ...injected: unknown[]
  ) => ElasticsearchOptions | Promise<ElasticsearchOptions>;
  return [
    {
      provide: ElasticsearchSearchIndex,
      useFactory: async (
        conversations: ConversationStore,
        members: ConversationMembers,
        messages: MessageStore,
        ...injected: unknown[]
      ) => new ElasticsearchSearchIndex(await makeOptions(...injected), { conversations, members, messages }),
      inject: [...FACTS, ...inject],
    },
    { provide: SearchIndex, useExisting: ElasticsearchSearchIndex },
  ];
}
