/** Where a sealed text of a job stands; those of its failures are among its options. */
export type TextField = 'data' | 'progress' | 'returnvalue' | 'opts';

/** What is stored of a job, or of a schedule, that is sealed. */
export interface StoredTexts {
  /** Of the job; empty for a schedule, of which only the payload is sealed. */
  readonly id: string;
  /** Of the job. */
  readonly name: string;
  /** The whole field, as JSON; null when nothing of it is sealed. */
  readonly data: string | null;
  readonly progress: string | null;
  readonly returnvalue: string | null;
  /** Sealed texts of failures, base64url. */
  readonly failures: readonly string[];
}

/** A sealed text, and what takes its place: as long as it, so that nothing else changes. Both base64url. */
export interface TextReplacement {
  readonly field: TextField;
  readonly was: string;
  readonly is: string;
}

/** What is to be done about the sealed texts of a job. */
export interface TextVerdict {
  readonly replacements: readonly TextReplacement[];
  /** Whether a text should be replaced and cannot be. */
  readonly isLeft: boolean;
}

/** Looks at the sealed texts of one job. */
export type TextReader = (texts: StoredTexts) => Promise<TextVerdict>;

/** Looks after what is stored of one queue, sealed. */
export interface StoredSeal {
  /** Asks for the newest keys, which {@link reseal} seals with. @throws KeyUnavailableError */
  renewKeys(): Promise<void>;

  /** What of a job is to be sealed anew, because its key is not the newest. @throws KeyUnavailableError when that one is not to be had */
  reseal(texts: StoredTexts): Promise<TextVerdict>;

  /**
   * What tells the jobs of which a text needs a key of the ring that the key provider does not know: `read` counts them as left, and `ring`
   * changes when the ring does.
   * @throws KeyUnavailableError
   */
  missingRingKeys(): Promise<{ readonly ring: string; readonly read: TextReader }>;
}

/** What became of the jobs whose sealed texts were read. */
export interface TextReport {
  /** Jobs and schedules of which every text was replaced that was to be. */
  readonly replaced: number;
  /** Those with a text that should be another and is not: it cannot be, a worker has the job, or it changed meanwhile. */
  readonly left: number;
}

/** How the stored texts of a queue are looked at. */
export interface TextPass {
  /**
   * Whether against the direction in which jobs move: first those that ended, last those that are delayed. Whoever looks both ways, one after
   * the other, misses only what moved back during the one and on again during the other. Default: false.
   */
  readonly isBackward?: boolean;
  readonly signal?: AbortSignal;
}

/** Jobs whose keys are asked for at the same time: fewer than a pool of connections has. */
const AT_ONCE = 5;

/** What is to be done about the jobs of a page. */
export async function verdictsOn(page: readonly StoredTexts[], read: TextReader): Promise<TextVerdict[]> {
  const verdicts: TextVerdict[] = [];
  for (let at = 0; at < page.length; at += AT_ONCE) {
    verdicts.push(...(await Promise.all(page.slice(at, at + AT_ONCE).map(read))));
  }
  return verdicts;
}

/** Counts what became of jobs. */
export class TextTally implements TextReport {
  replaced = 0;
  left = 0;

  /** @param done how many of the replacements were made */
  note({ replacements, isLeft }: TextVerdict, done: number): void {
    if (isLeft || done < replacements.length) this.left += 1;
    else if (done > 0) this.replaced += 1;
  }
}
