import { Injectable } from '@nestjs/common';
import { EncryptedContentStore } from '../../ports/encryption/encrypted-content-store.js';
import type { DecryptedContent, EncryptedContent } from '../../ports/encryption/encrypted-content-store.js';
import { CallRecorder } from './call-recorder.js';

/** Results of encryption jobs in memory. Calls are remembered by message id only: no content. */
@Injectable()
export class RecordingEncryptedContentStore extends EncryptedContentStore {
  readonly recorder = new CallRecorder();
  private readonly encrypted = new Map<string, EncryptedContent>();
  private readonly decrypted = new Map<string, DecryptedContent>();

  override saveEncrypted(content: EncryptedContent, signal: AbortSignal): Promise<'saved' | 'stale'> {
    return this.recorder.run('saveEncrypted', [content.messageId], signal, () =>
      saveNewest(this.encrypted, content),
    );
  }

  override saveDecrypted(content: DecryptedContent, signal: AbortSignal): Promise<'saved' | 'stale'> {
    return this.recorder.run('saveDecrypted', [content.messageId], signal, () =>
      saveNewest(this.decrypted, content),
    );
  }

  override replaceEncrypted(
    previousEnvelope: string,
    content: EncryptedContent,
    signal: AbortSignal,
  ): Promise<boolean> {
    return this.recorder.run('replaceEncrypted', [content.messageId], signal, () => {
      if (this.encrypted.get(content.messageId)?.envelope !== previousEnvelope) return false;
      this.encrypted.set(content.messageId, content);
      return true;
    });
  }

  override findEncrypted(messageId: string, signal?: AbortSignal): Promise<EncryptedContent | null> {
    return this.recorder.run(
      'findEncrypted',
      [messageId],
      signal,
      () => this.encrypted.get(messageId) ?? null,
    );
  }

  override findDecrypted(messageId: string, signal?: AbortSignal): Promise<DecryptedContent | null> {
    return this.recorder.run(
      'findDecrypted',
      [messageId],
      signal,
      () => this.decrypted.get(messageId) ?? null,
    );
  }

  override removeMany(messageIds: readonly string[], signal: AbortSignal): Promise<void> {
    return this.recorder.run('removeMany', [messageIds], signal, () => {
      for (const id of messageIds) {
        this.encrypted.delete(id);
        this.decrypted.delete(id);
      }
    });
  }
}

function saveNewest<T extends { messageId: string; version: number }>(
  rows: Map<string, T>,
  content: T,
): 'saved' | 'stale' {
  const stored = rows.get(content.messageId);
  if (stored !== undefined && stored.version > content.version) return 'stale';
  rows.set(content.messageId, content);
  return 'saved';
}
