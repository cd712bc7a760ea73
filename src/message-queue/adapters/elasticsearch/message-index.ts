import { createHash } from 'node:crypto';
import type { SearchDocument } from '../../ports/search-index.js';
import { FOLDING_MARK } from '../shared/search/folding-mark.js';
import { isRecipientTerm, recipientTerm, textTerms } from '../shared/search/search-terms.js';

/**
 * How the index is created. `terms` are the words as this library folds them, so that the same is found as in the SQL stores, whatever
 * analyzers and plug-ins the cluster has, and hashes of the message's recipients. Nothing else is searched; `content` is only given back.
 */
export const INDEX_DEFINITION = {
  mappings: {
    dynamic: false,
    properties: {
      messageId: { type: 'keyword' },
      conversationId: { type: 'keyword' },
      senderId: { type: 'keyword' },
      createdAt: { type: 'date', format: 'epoch_millis' },
      terms: { type: 'keyword', doc_values: false },
      content: { type: 'text', index: false },
      removed: { type: 'boolean' },
      removedAt: { type: 'date', format: 'epoch_millis' },
    },
  },
} as const;

/** A message as it is stored. */
export interface StoredMessage {
  readonly messageId: string;
  readonly conversationId: string;
  readonly senderId: string;
  readonly createdAt: number;
  readonly content: string;
  /** Only where they were asked for. */
  readonly terms?: readonly string[];
}

/** Above every version that a message can have, so that nothing is written over a tombstone. */
const TOMBSTONE_VERSION = Number.MAX_SAFE_INTEGER;

const MAX_ID_BYTES = 512;

/** The document id of a message: its own id, unless that is longer than a cluster takes. */
export function documentId(messageId: string): string {
  if (Buffer.byteLength(messageId) <= MAX_ID_BYTES) return messageId;
  return `sha256-${createHash('sha256').update(messageId).digest('hex')}`;
}

/** One write of a bulk: the action and the document, a line each. */
export function writeLines({ recipientIds = [], createdAt, version, ...message }: SearchDocument): string {
  const stored = { ...message, createdAt: createdAt.getTime() };
  return messageLines(stored, version, recipientIds.map(recipientTerm));
}

/** The same for a message that is stored, folded again; whatever was written since then stays. */
export function refoldLines({ terms = [], ...message }: StoredMessage, version: number): string {
  return messageLines(message, version, terms.filter(isRecipientTerm));
}

function messageLines(message: StoredMessage, version: number, recipients: readonly string[]): string {
  const { messageId, conversationId, senderId, content, createdAt } = message;
  const terms = [...textTerms(content), ...recipients, FOLDING_MARK];
  return lines(
    { messageId, version, type: 'external_gte' },
    { messageId, conversationId, senderId, content, createdAt, terms },
  );
}

/** A removal: the id, no content. One that is there already stays as it is. */
export function tombstoneLines(messageId: string, removedAt: Date): string {
  return lines(
    { messageId, version: TOMBSTONE_VERSION, type: 'external' },
    { messageId, removed: true, removedAt: removedAt.getTime() },
  );
}

interface WriteVersion {
  readonly messageId: string;
  readonly version: number;
  /** Whether the same version replaces. */
  readonly type: 'external_gte' | 'external';
}

function lines({ messageId, version, type }: WriteVersion, document: object): string {
  const action = { index: { _id: documentId(messageId), version, version_type: type } };
  return `${JSON.stringify(action)}\n${JSON.stringify(document)}\n`;
}
