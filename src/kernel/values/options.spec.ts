import { InvalidConfigurationError } from '../errors.js';
import { flag, milliseconds, secret, text } from './kinds.js';
import { defaulted, optional, required, resolveOptions } from './options.js';
import type { FieldsOf } from './options.js';

interface MailOptions {
  readonly from: string;
  readonly password?: string;
  readonly secure?: boolean;
  readonly timeoutMs?: number;
}

const FIELDS = {
  from: required(text()),
  password: optional(secret(text(8))),
  secure: defaulted(flag(), false),
  timeoutMs: defaulted(milliseconds(1), 10_000),
} satisfies FieldsOf<MailOptions>;

const resolve = (given: unknown): unknown => resolveOptions('Mail', given as MailOptions, FIELDS);

function issuesOf(given: unknown): string[] {
  try {
    resolve(given);
  } catch (error) {
    if (!(error instanceof InvalidConfigurationError)) throw error;
    expect(error.message).toMatch(/^The options of Mail are wrong:\n/);
    return error.issues.map(({ path, message }) => `${path} ${message}`);
  }
  return [];
}

describe('resolveOptions', () => {
  it('fills defaults in, takes undefined as left out, and freezes what it made', () => {
    const options = resolve({ from: 'a@b', timeoutMs: undefined, secure: true });
    expect(options).toEqual({ from: 'a@b', secure: true, timeoutMs: 10_000 });
    expect(Object.isFrozen(options)).toBe(true);
  });

  it('says so where there is no option at all', () => {
    const given: object = { from: 1 };
    expect(() => resolveOptions('Nothing', given, {})).toThrow(
      'from: is not an option. There are none here.',
    );
  });

  it('lists every mistake at once, unknown options with what was probably meant, and no secret', () => {
    expect(issuesOf({ password: 'hunter22!', secure: 'yes', timeoutMs: null, timoutMs: 5 })).toEqual([
      'timoutMs is not an option. Did you mean "timeoutMs"?',
      'from is missing; must be a string that is not empty',
      'password must be a string of 1 to 8 characters, got a string of 9 characters',
      'secure must be true or false, got "yes"',
      'timeoutMs must be a whole number of milliseconds from 1, got null',
    ]);
  });

  it('refuses what is not an object', () => {
    for (const given of [null, 'x', [], 5])
      expect(issuesOf(given)).toEqual([expect.stringMatching(/^options /)]);
  });
});
