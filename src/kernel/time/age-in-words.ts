const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;

/** A length of time for people, at most two units: `45 s`, `12 min`, `3 h 20 min`, `2 days`. */
export function ageInWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < MINUTE_S) return `${seconds} s`;
  if (seconds < HOUR_S) return `${Math.floor(seconds / MINUTE_S)} min`;
  if (seconds >= 2 * DAY_S) return `${Math.floor(seconds / DAY_S)} days`;
  const minutes = Math.floor((seconds % HOUR_S) / MINUTE_S);
  const hours = `${Math.floor(seconds / HOUR_S)} h`;
  return minutes === 0 ? hours : `${hours} ${minutes} min`;
}
