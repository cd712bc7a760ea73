import type { ErrorPlace } from '../../../kernel/errors.js';
import { answeredWithin } from '../../../kernel/time/answered-within.js';
import { ErasedError } from '../../jobs/errors.js';
import { KeyUnavailableError } from '../../jobs/sealing/sealing-errors.js';
import type { CodecKeys } from '../codec-state.js';

/** How long a worker waits for an answer before it puts the job aside, milliseconds. */
const LONGEST_LOOKUP_MS = 10_000;

/**
 * Asks whether what a job is about was erased or recalled.
 * @param names such as `subject:user-7`
 * @returns undefined where nothing can be erased, or the job is about nothing
 * @throws ErasedError, KeyUnavailableError; as a rejection
 */
export function refuseErased(
  names: readonly string[],
  keys: CodecKeys,
  place: Required<Pick<ErrorPlace, 'queue' | 'job' | 'jobId'>>,
): Promise<void> | undefined {
  const asking = names.length === 0 ? undefined : keys.isErased(names);
  if (asking === undefined) return undefined;
  const tooLate = (): KeyUnavailableError =>
    new KeyUnavailableError('Nobody could say whether this was erased: the job waits.', place);
  return answeredWithin(asking, LONGEST_LOOKUP_MS, tooLate).then((isErased) => {
    if (!isErased) return;
    const { queue, job, jobId } = place;
    throw new ErasedError(
      `Job "${job}" ${jobId} of queue "${queue}" is about what was erased: it ends here.`,
      place,
    );
  });
}
