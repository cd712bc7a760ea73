import type { StoredSeal, TextReader, TextReport } from '../jobs/sealing/stored-texts.js';

/** What {@link resealAll} did. */
export interface ResealReport {
  /** Jobs and schedules that this call sealed anew. */
  readonly resealed: number;
  /**
   * Jobs and schedules that still need an older key: a worker has them, they changed meanwhile, or they do not open here. Call again for the
   * first two.
   */
  readonly left: number;
}

/** The sealed texts of one queue. */
export interface SealedTexts {
  /** Undefined for a queue that somebody else made: nothing of it is sealed. */
  readonly seal: StoredSeal | undefined;
  /** Shows each of them to `read` and replaces what it wants replaced. What moves meanwhile may be missed. */
  replace(read: TextReader, signal?: AbortSignal): Promise<TextReport>;
}

/** Passes that one call makes at most: while somebody adds jobs with an older key, each finds some. */
const MOST_PASSES = 5;

/** Seals a queue anew, until a pass over all that is stored finds nothing more to do: a job that moved out of sight of one is seen by the next. */
export async function resealAll(texts: SealedTexts, signal?: AbortSignal): Promise<ResealReport> {
  const { seal } = texts;
  if (seal === undefined) return { resealed: 0, left: 0 };
  await seal.renewKeys();
  let resealed = 0;
  for (let pass = 1; ; pass += 1) {
    const { replaced, left } = await texts.replace((job) => seal.reseal(job), signal);
    resealed += replaced;
    if (replaced === 0 || pass === MOST_PASSES) return { resealed, left };
  }
}
