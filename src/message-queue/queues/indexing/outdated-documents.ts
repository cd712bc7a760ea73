import { inRootContext } from '../../../kernel/host/root-context.js';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import type { SearchIndex } from '../../ports/search-index.js';

/** Tells the log of a worker, once, that the index holds documents which an older version folded. */
export class OutdatedDocuments {
  readonly #logger = new SafeLogger('SearchIndex');
  #hasAsked = false;

  constructor(private readonly index: Pick<SearchIndex, 'countOutdated'>) {}

  /** Asks the first time it is called, and lets nobody wait for the answer. An index that gives none is asked again the next time. */
  tellOnce(): void {
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    void inRootContext(() => this.#tell());
  }

  async #tell(): Promise<void> {
    try {
      const documents = await this.index.countOutdated(new AbortController().signal);
      if (documents === 0) return;
      this.#logger.warn(
        `${documents} messages in the search index were folded by an older version of this library, and searches may miss them: add one "reindex-messages" job to the queue "message-indexing" (docs/adapters.md, "Searching").`,
      );
    } catch {
      this.#hasAsked = false;
    }
  }
}
