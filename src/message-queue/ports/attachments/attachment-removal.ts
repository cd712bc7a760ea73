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
 * Removes rows of attachments and their files: the files first, so that a crash leaves a row that leads to the rest. A file stays as long as
 * another row needs it. A file that resists keeps its rows, and stops no others.
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
  const fileKeys = [...new Set(rows.map(({ fileKey }) => fileKey))];
  const ids = rows.map(({ id }) => id);
  const needed = await attachments.filesStillNeeded(fileKeys, ids, signal);
  const free = fileKeys.filter((fileKey) => !needed.has(fileKey));
  const failures = await removeFiles(free, files, signal);
  const gone = rows.filter(({ fileKey }) => !failures.has(fileKey)).map(({ id }) => id);
  if (gone.length === 0) {
    throw new ResistingFilesError(
      failures,
      rows.map(({ messageId }) => messageId),
    );
  }
  const removed = await attachments.removeMany(gone, signal);
  if (needed.size > 0) {
    // Those who remove the last rows of one file at the same time find it needed by each other.
    const stillNeeded = await attachments.filesStillNeeded([...needed], [], signal);
    const left = [...needed].filter((fileKey) => !stillNeeded.has(fileKey));
    const late = await removeFiles(left, files, signal);
    if (late.size > 0) throw new ResistingFilesError(late, []);
  }
  return removed;
}

/** @returns those that resist, and why */
async function removeFiles(
  fileKeys: readonly string[],
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
