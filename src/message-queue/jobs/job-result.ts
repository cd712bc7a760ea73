import type { ErrorPlace } from '../../kernel/errors.js';
import { UnrecoverableJobError } from './errors.js';
import { SEALED_FIELD } from './sealing/payload-seal.js';
import type { RunSealer } from './sealing/payload-seal.js';

/** Largest result as JSON, in bytes. */
const MAX_RESULT_BYTES = 64 * 1024;
/** Reserved in results: how a job ended that did not run. */
const ENDED_FIELD = 'mq:ended';

/** What a job returned, as it is stored: one JSON text, written once, and read only when somebody looks at it. */
export class JobResult {
  private parsed: unknown;

  private constructor(
    /** What is stored. */
    readonly json: string,
    private readonly plain = json,
  ) {}

  /**
   * Of what a handler returned: what JSON keeps of it; undefined → null.
   * @throws UnrecoverableJobError when it is not JSON or is larger than 64 KiB. The work is done and must not be repeated
   * for this, and a result cut short in silence would be worse: the job becomes a dead letter that says why.
   * @param sealer seals what is stored of it; nothing is stored unsealed
   */
  static of(value: unknown, place: ErrorPlace, sealer?: RunSealer): JobResult {
    if (value === undefined || value === null) return NOTHING;
    let json: string | undefined;
    try {
      json = stringify(value);
    } catch (cause) {
      throw unstorable('is not JSON (circular, or a bigint in it)', { ...place, cause });
    }
    if (json === undefined) throw unstorable(`is a ${typeof value}, which is not JSON`, place);
    // No text is larger than three bytes per character: most need no counting.
    const bytes = json.length * 3 > MAX_RESULT_BYTES ? Buffer.byteLength(json) : 0;
    if (bytes > MAX_RESULT_BYTES) {
      throw unstorable(
        `takes ${bytes} bytes as JSON, and the limit is ${MAX_RESULT_BYTES}: return a reference to it`,
        place,
      );
    }
    if (sealer === undefined) return new JobResult(json);
    return new JobResult(JSON.stringify({ [SEALED_FIELD]: sealer.seal('result', json) }), json);
  }

  /** The result as the process reads it that ran the job: a copy that went through JSON. */
  get value(): unknown {
    return (this.parsed ??= JSON.parse(this.plain) as unknown);
  }

  /** The result as everybody else reads it. */
  get stored(): unknown {
    return this.plain === this.json ? this.value : (JSON.parse(this.json) as unknown);
  }

  static readonly nothing = new JobResult('null');

  /** Of a job whose key was destroyed, or that was about what was erased: it ended, and did nothing more. */
  static readonly shredded = new JobResult(JSON.stringify({ [ENDED_FIELD]: 'shredded' }));
}

const NOTHING = JobResult.nothing;

/** Its own types forget that a function or a symbol becomes undefined. */
const stringify: (value: unknown) => string | undefined = JSON.stringify;

function unstorable(why: string, place: ErrorPlace): UnrecoverableJobError {
  return new UnrecoverableJobError(
    `The handler of job "${place.job}" in queue "${place.queue}" finished, but its result cannot be stored: it ${why}.`,
    place,
  );
}
