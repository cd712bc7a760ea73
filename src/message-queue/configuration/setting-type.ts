import { OptionIssues } from '../admission/option-rules.js';
import { checkRepeat } from '../admission/repeat-rules.js';

/** What reading a raw value gave: the value, or why it is none. */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason?: string };

/** How one kind of setting is read from an option or from a variable's text. */
export interface SettingType<T> {
  /** What is allowed, completes "must be …". */
  readonly expected: string;
  readonly parse: (raw: unknown) => Parsed<T>;
  /** The value as a variable's text. */
  readonly format: (value: T) => string;
}

const WRONG = { ok: false } as const;
const TRUE_WORDS = new Set(['true', '1', 'yes', 'on']);
const FALSE_WORDS = new Set(['false', '0', 'no', 'off']);

/** Any text that is not blank. */
export function text(expected = 'text', pattern?: RegExp): SettingType<string> {
  return {
    expected,
    parse: (raw) =>
      typeof raw === 'string' && raw.trim() !== '' && (pattern?.test(raw.trim()) ?? true)
        ? { ok: true, value: raw.trim() }
        : WRONG,
    format: (value) => value,
  };
}

/** A whole number within bounds; numeric text is read too. */
export function wholeNumber(min: number, max: number, unit = ''): SettingType<number> {
  return {
    expected: `a whole number from ${min} to ${max}${unit === '' ? '' : ` (${unit})`}`,
    parse: (raw) => {
      const value = typeof raw === 'string' && /^[+-]?\d+$/.test(raw.trim()) ? Number(raw) : raw;
      return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
        ? { ok: true, value }
        : WRONG;
    },
    format: String,
  };
}

/** A number from 0 to 1; numeric text is read too. */
export function share(): SettingType<number> {
  return {
    expected: 'a number from 0 to 1',
    parse: (raw) => {
      const value = typeof raw === 'string' && /^\s*\d*\.?\d+\s*$/.test(raw) ? Number(raw) : raw;
      return typeof value === 'number' && value >= 0 && value <= 1 ? { ok: true, value } : WRONG;
    },
    format: String,
  };
}

/** true or false; the usual words for them are read too. */
export function flag(): SettingType<boolean> {
  return {
    expected: 'true or false',
    parse: (raw) => {
      if (typeof raw === 'boolean') return { ok: true, value: raw };
      const word = typeof raw === 'string' ? raw.trim().toLowerCase() : '';
      if (TRUE_WORDS.has(word)) return { ok: true, value: true };
      return FALSE_WORDS.has(word) ? { ok: true, value: false } : WRONG;
    },
    format: String,
  };
}

/** One of a closed set of words. */
export function choice<const Words extends readonly string[]>(...words: Words): SettingType<Words[number]> {
  return {
    expected: words.length === 1 ? `"${words[0]}"` : `one of ${words.map((word) => `"${word}"`).join(', ')}`,
    parse: (raw) => {
      const word = typeof raw === 'string' ? raw.trim() : raw;
      return words.includes(word as Words[number]) ? { ok: true, value: word as Words[number] } : WRONG;
    },
    format: (value) => value,
  };
}

/** A cron expression, or `off`. */
export function cron(): SettingType<string> {
  return {
    expected: '"off", or a cron expression of 5 or 6 fields such as "0 2 * * *"',
    parse: (raw) => {
      const value = typeof raw === 'string' ? raw.trim() : '';
      if (value.toLowerCase() === 'off') return { ok: true, value: 'off' };
      return isRepeat({ cron: value }) ? { ok: true, value } : WRONG;
    },
    format: (value) => value,
  };
}

/** An IANA time zone. */
export function timeZone(): SettingType<string> {
  return {
    expected: 'an IANA time zone such as "Europe/Berlin"',
    parse: (raw) => {
      const value = typeof raw === 'string' ? raw.trim() : '';
      return isRepeat({ cron: '0 0 * * *', tz: value }) ? { ok: true, value } : WRONG;
    },
    format: (value) => value,
  };
}

function isRepeat(repeat: object): boolean {
  const issues = new OptionIssues();
  checkRepeat(issues, '', repeat, Date.now());
  return issues.list.length === 0;
}
