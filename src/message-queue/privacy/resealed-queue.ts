import type { StoredSeal, TextPass, TextReader, TextReport } from '../jobs/sealing/stored-texts.js';

/** What {@link resealAll} did. */
export interface ResealReport {
  /** Jobs and schedules that this call sealed anew. */
  readonly resealed: number;
  /**
   * Jobs and schedules that still need an older key: a worker has them, they changed meanwhile, or they do not open here. Call again for the
   * first two. A call that gives up, because each of its passes finds some, counts those that it found last, too: it may have missed as many.
   */
  readonly left: number;
}

/** The sealed texts of one queue. */
export interface SealedTexts {
  /** Undefined for a queue that somebody else made: nothing of it is sealed. */
  readonly seal: StoredSeal | undefined;
  /** Shows each of them to `read` and replaces what it wants replaced. What moves meanwhile against the direction of the pass may be missed. */
  replace(read: TextReader, pass: TextPass): Promise<TextReport>;
}

/** Passes that one call makes at most: while somebody adds jobs with an older key, each finds some. */
const MOST_PASSES = 5;

/**
 * Seals a queue anew, in passes over all that is stored, in turn in the direction in which jobs move and in the opposite one, until one has
 * nothing more to do. A job that was retried, replayed or handed back out of sight of a pass stands where the next one looks. So nothing
 * needs an older key when a pass finds nothing to do and the one before it left nothing: only a job that moved back during the one, and on
 * again during the other, could be missed by both.
 */
export async function resealAll(texts: SealedTexts, signal?: AbortSignal): Promise<ResealReport> {
  const { seal } = texts;
  if (seal === undefined) return { resealed: 0, left: 0 };
  await seal.renewKeys();
  let resealed = 0;
  let leftBefore = 0;
  for (let pass = 1; ; pass += 1) {
    const isBackward = pass % 2 === 0;
    const { replaced, left } = await texts.replace((job) => seal.reseal(job), { isBackward, signal });
    resealed += replaced;
    const isQuiet = replaced === 0 && pass > 1;
    if (isQuiet || pass === MOST_PASSES) return { resealed, left: Math.max(left, leftBefore) + replaced };
    leftBefore = left;
  }
}
