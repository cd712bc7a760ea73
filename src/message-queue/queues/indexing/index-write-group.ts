import { guardLike } from '../../../kernel/host/guarded-signal.js';
import { inRootContext } from '../../../kernel/host/root-context.js';
import { isDeletedWith } from '../../ports/messages/conversation-store.js';
import type { ConversationStore } from '../../ports/messages/conversation-store.js';
import type { SearchIndex } from '../../ports/search-index.js';
import type { IndexOutcome, SearchDocument } from '../../ports/search-index.js';

interface Waiting {
  readonly document: SearchDocument;
  readonly signal: AbortSignal;
  readonly resolve: (outcome: IndexOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Documents written with one call at most. */
const MAX_GROUP_SIZE = 100;

/**
 * Writes the documents of jobs that run at the same time together: while one write is on its way the next documents gather.
 * A lone document is written at once. A write fails or succeeds for all of its documents.
 */
export class IndexWriteGroup {
  private readonly waiting: Waiting[] = [];
  private writing = false;

  constructor(
    private readonly index: SearchIndex,
    private readonly conversations: ConversationStore,
  ) {}

  /** @throws what the index throws; `signal.reason` when aborted */
  write(document: SearchDocument, signal: AbortSignal): Promise<IndexOutcome> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ document, signal, resolve, reject });
      // A group writes for many jobs, in the context of none of them.
      void inRootContext(() => this.drain());
    });
  }

  private async drain(): Promise<void> {
    if (this.writing) return;
    this.writing = true;
    // Jobs that start in the same turn of the event loop come along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) await this.writeNext();
    this.writing = false;
  }

  private async writeNext(): Promise<void> {
    const group: Waiting[] = [];
    for (const member of this.waiting.splice(0, MAX_GROUP_SIZE)) {
      if (member.signal.aborted) member.reject(member.signal.reason);
      else group.push(member);
    }
    const [first] = group;
    if (first === undefined) return;
    const abort = new AbortController();
    guardLike(abort.signal, first.signal);
    const stop = this.abortWhenAllDid(group, abort);
    try {
      const living = await this.withoutDeleted(group, abort.signal);
      const outcomes = await this.index.indexMany(
        living.map((member) => member.document),
        abort.signal,
      );
      living.forEach((member, at) => {
        const outcome = outcomes[at];
        if (outcome === undefined)
          member.reject(new Error(`The search index gave ${outcomes.length} outcomes.`));
        else member.resolve(outcome);
      });
    } catch (error) {
      for (const member of group) member.reject(error);
    } finally {
      stop();
    }
  }

  /** What was written until its conversation was deleted comes too late: no clean-up would look for it in the index. */
  private async withoutDeleted(group: readonly Waiting[], signal: AbortSignal): Promise<Waiting[]> {
    const ids = new Set(group.map(({ document }) => document.conversationId));
    const marks = await this.conversations.findMany([...ids], signal);
    const marked = new Map(marks.map((mark) => [mark.conversationId, mark]));
    return group.filter(({ document, resolve }) => {
      const isGone = isDeletedWith(marked.get(document.conversationId), document.createdAt);
      if (isGone) resolve('deleted');
      return !isGone;
    });
  }

  /** One job's timeout must not undo the others' write; a member that aborts leaves the group at once. */
  private abortWhenAllDid(group: readonly Waiting[], abort: AbortController): () => void {
    let left = group.length;
    const listeners = group.map((member) => {
      const listener = (): void => {
        member.reject(member.signal.reason);
        left -= 1;
        if (left === 0) abort.abort(member.signal.reason);
      };
      member.signal.addEventListener('abort', listener, { once: true });
      return () => member.signal.removeEventListener('abort', listener);
    });
    return () => listeners.forEach((remove) => remove());
  }
}
