import { MessageQueueError } from '../../../kernel/errors.js';
import type { AttachmentFiles } from './attachment-files.js';
import type { AttachmentStore, StoredAttachment } from './attachment-store.js';

/** Files of attachments could not be removed; their rows stay. Worth a retry. */
export class ResistingFilesError extends MessageQueueError {
  readonly code = 'ATTACHMENT_FILES_RESIST';

  constructor(
    failures: ReadonlyMap<string, unknown>,
    /** Whose rows stay because of them. */
    readonly messageIds: readonly string[],
  ) {
    const [cause] = failures.values();
    super(`${failures.size} attachment files could not be removed.`, { cause });
  }
}

/**
 * Removes rows of attachments and their files. The store decides what may go: a file stays as long as another row needs it, a row that a legal
 * hold keeps by now. Files go first, so that a crash leaves a row that leads to the rest. A file that resists keeps its rows, and stops no others.
 * @returns how many rows are gone
 * @throws ResistingFilesError when none is: to go on would go round in circles; what the store throws; signal.reason
 */
export async function removeAttachments(
  rows: readonly StoredAttachment[],
  attachments: AttachmentStore,
  files: AttachmentFiles,
  signal: AbortSignal,
): Promise<number> {
  if (rows.length === 0) return 0;
  const { removed, claimed } = await attachments.claimRemoval(
    rows.map(({ id }) => id),
    signal,
  );
  const fileKeys = new Set(claimed.map(({ fileKey }) => fileKey));
  const failures = await removeFiles(fileKeys, files, signal);
  const resisting = claimed.filter(({ fileKey }) => failures.has(fileKey));
  if (removed === 0 && resisting.length > 0 && resisting.length === claimed.length) {
    throw new ResistingFilesError(
      failures,
      resisting.map(({ messageId }) => messageId),
    );
  }
  const gone = claimed.filter(({ fileKey }) => !failures.has(fileKey)).map(({ id }) => id);
  return removed + (gone.length === 0 ? 0 : await attachments.removeMany(gone, signal));
}

/** @returns those that resist, and why */
async function removeFiles(
  fileKeys: Iterable<string>,
  files: AttachmentFiles,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, unknown>> {
  const failures = new Map<string, unknown>();
  for (const fileKey of fileKeys) {
    signal.throwIfAborted();
    try {
      await files.remove(fileKey, signal);
    } catch (error) {
      failures.set(fileKey, error);
    }
  }
  signal.throwIfAborted();
  return failures;
}
