import type { EncryptionKey } from '../../ports/encryption/key-provider.js';
import type {
  OpenedContent,
  OpenRequest,
  SealedContent,
  SealRequest,
} from '../../ports/encryption/message-cipher.js';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import { parseEnvelope } from '../shared/sealing/envelope.js';
import { openWith, sealWith } from '../shared/sealing/sealing.js';

/** What a thread answers. Errors lose their class between threads, so their code goes instead. */
export type CipherAnswer<T> =
  { readonly value: T } | { readonly failure: { readonly code: string; readonly message: string } };

/** Runs on a thread of the pool. */
export function seal(task: {
  readonly key: EncryptionKey;
  readonly request: SealRequest;
}): CipherAnswer<SealedContent> {
  return answerOf(() => sealWith(task.key, task.request));
}

/** Runs on a thread of the pool. */
export function open(task: {
  readonly key: EncryptionKey;
  readonly request: OpenRequest;
}): CipherAnswer<OpenedContent> {
  return answerOf(() => openWith(task.key, task.request.messageId, parseEnvelope(task.request.envelope)));
}

function answerOf<T>(work: () => T): CipherAnswer<T> {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof UnrecoverableJobError)
      return { failure: { code: error.code, message: error.message } };
    throw error;
  }
}
