/** What stays of a job's own words once it is a dead letter, bytes: beside the 2 kB of its record, and its payload. */
const LETTER_LOG_BYTES = 1_000;
/** Progress that takes more is cut down to its percentage, bytes of JSON. */
const LETTER_PROGRESS_BYTES = 128;

/** The newest lines of `job.log` that fit, at least the beginning of the last one. */
export function letterLogs(lines: readonly string[]): string[] {
  let room = LETTER_LOG_BYTES;
  let first = lines.length;
  while (first > 0 && (room -= Buffer.byteLength(lines[first - 1] ?? '')) >= 0) first -= 1;
  const [last] = lines.slice(-1);
  if (first < lines.length || last === undefined) return lines.slice(first);
  const cut = Buffer.from(last).subarray(0, LETTER_LOG_BYTES - 3);
  // Never half of a character.
  return [`${cut.toString().replace(/\uFFFD+$/, '')}…`];
}

/** @param json as it is stored */
export function letterProgress(json: string): string {
  if (Buffer.byteLength(json) <= LETTER_PROGRESS_BYTES) return json;
  const { percentage } = JSON.parse(json) as { percentage?: unknown };
  return typeof percentage === 'number' ? JSON.stringify({ percentage }) : '0';
}
