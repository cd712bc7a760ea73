import { MessageQueueError } from '../../../kernel/errors.js';

/** Who asks is in more conversations than a cluster takes in one query. A search in one of them, or by `senderId` alone, works. */
export class SearchScopeTooWideError extends MessageQueueError {
  readonly code = 'SEARCH_SCOPE_TOO_WIDE';

  constructor(limit: number) {
    super(
      `Whoever is searching is a member of more than ${limit} conversations, which is more than one query takes: give a conversationId.`,
    );
  }
}
