import { Inject, Injectable, Optional } from '@nestjs/common';
import { EncryptedContentStore } from '../../../ports/encryption/encrypted-content-store.js';
import type {
  DecryptedContent,
  EncryptedContent,
} from '../../../ports/encryption/encrypted-content-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { InMemoryMessages } from '../messages/in-memory-messages.js';
import { isOfDeletion } from '../trace-targets.js';
import { eraseNext } from '../traces.js';

type ContentRows = BoundedMap<EncryptedContent> | BoundedMap<DecryptedContent>;

/**
 * Results of encryption jobs in memory. Forgets what was written longest ago: a job that opens a forgotten envelope ends as a dead
 * letter that says so.
 */
@Injectable()
export class InMemoryEncryptedContentStore extends EncryptedContentStore {
  override readonly holds = 'encrypted contents';
  private readonly encrypted: BoundedMap<EncryptedContent>;
  private readonly decrypted: BoundedMap<DecryptedContent>;

  constructor(
    @Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>,
    @Optional() private readonly data: InMemoryMessages = new InMemoryMessages(),
  ) {
    super();
    this.encrypted = new BoundedMap(limits, ({ envelope }) => envelope.length);
    this.decrypted = new BoundedMap(limits, ({ content }) => content.length);
  }

  override saveEncrypted(content: EncryptedContent, signal: AbortSignal): Promise<'saved' | 'stale'> {
    return answer(signal, () => saveNewest(this.encrypted, content));
  }

  override saveDecrypted(content: DecryptedContent, signal: AbortSignal): Promise<'saved' | 'stale'> {
    return answer(signal, () => saveNewest(this.decrypted, content));
  }

  override replaceEncrypted(
    previousEnvelope: string,
    content: EncryptedContent,
    signal: AbortSignal,
  ): Promise<boolean> {
    return answer(signal, () => {
      if (this.encrypted.get(content.messageId)?.envelope !== previousEnvelope) return false;
      this.encrypted.set(content.messageId, content);
      return true;
    });
  }

  override findEncrypted(messageId: string, signal?: AbortSignal): Promise<EncryptedContent | null> {
    return answer(signal, () => this.seen(this.encrypted.get(messageId)));
  }

  override findDecrypted(messageId: string, signal?: AbortSignal): Promise<DecryptedContent | null> {
    return answer(signal, () => this.seen(this.decrypted.get(messageId)));
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.tracesOf(target).length);
  }

  override eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () =>
      eraseNext(this.tracesOf(target), limit, ({ messageId, rows }) => rows.delete(messageId)),
    );
  }

  private seen<T extends EncryptedContent | DecryptedContent>(content: T | undefined): T | null {
    if (content === undefined) return null;
    return this.data.isGone(content) ? null : content;
  }

  private tracesOf(target: TraceTarget): { readonly messageId: string; readonly rows: ContentRows }[] {
    const ids = this.data.idsOf(target);
    const isOf = isOfDeletion(target.kind === 'deletions' ? target.deletions : []);
    const isTrace = ({
      messageId,
      conversationId,
      writtenAt,
    }: EncryptedContent | DecryptedContent): boolean =>
      ids.has(messageId) ||
      (!this.data.isHeld(conversationId) &&
        ((target.kind === 'conversation' && conversationId === target.conversationId) ||
          isOf(conversationId, writtenAt)));
    return [this.encrypted, this.decrypted].flatMap((rows: ContentRows) =>
      rows
        .values()
        .filter(isTrace)
        .map(({ messageId }) => ({ messageId, rows })),
    );
  }
}

function saveNewest<T extends { messageId: string; version: number }>(
  rows: BoundedMap<T>,
  content: T,
): 'saved' | 'stale' {
  const stored = rows.get(content.messageId);
  if (stored !== undefined && stored.version > content.version) return 'stale';
  rows.set(content.messageId, content);
  return 'saved';
}
