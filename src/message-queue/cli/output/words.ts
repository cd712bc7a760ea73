import { ageInWords } from '../../../kernel/time/age-in-words.js';

const NONE = '–';

/** A count, with a thin gap between thousands. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** `1 job`, `27 jobs`. */
export function many(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? '' : 's'}`;
}

/** A length of time that a job takes. */
export function duration(ms: number | null): string {
  if (ms === null) return NONE;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ageInWords(ms);
}

/** How long something has lasted. */
export function age(ms: number | null): string {
  return ms === null ? NONE : ageInWords(ms);
}

/** A share of one. */
export function share(value: number | null): string {
  return value === null ? NONE : `${(value * 100).toFixed(value > 0 && value < 0.1 ? 1 : 0)} %`;
}

/** A moment, to the second, in UTC. */
export function moment(at: number | Date | null): string {
  return at === null ? NONE : new Date(at).toISOString().replace('T', ' ').slice(0, 19);
}

/** A number with one digit behind the point where it is small. */
export function rate(value: number): string {
  return value < 10 && value % 1 !== 0 ? value.toFixed(1) : count(value);
}

/** A text, or a dash where there is none. */
export function orNone(text: string | null | undefined): string {
  return text === null || text === undefined || text === '' ? NONE : text;
}
