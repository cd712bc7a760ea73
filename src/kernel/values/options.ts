import { InvalidConfigurationError } from '../errors.js';
import { Issues } from './issues.js';
import { isRecord } from './kinds.js';
import { Refusal } from './kind.js';
import type { Kind } from './kind.js';
import { mustBe, shown } from './words.js';

/**
 * One option: what it may be, and what holds when it is left out.
 * @typeParam Unset what it is when it is left out: a value where there is a default or it must be given, else undefined
 */
export interface Field<T = unknown, Unset = T | undefined, Given = T> {
  readonly kind: Kind<T, Given>;
  readonly unset?: Unset;
  readonly required?: true;
}

/** Options by their names, in groups where they belong together. */
export interface Fields {
  readonly [name: string]: Field | Fields;
}

/** What a host may write: every option may be left out. */
export type GivenOptions<F> = {
  readonly [Key in keyof F]?: F[Key] extends Field<infer _T, infer _U, infer Given>
    ? Given
    : GivenOptions<F[Key]>;
};

/** The options as they were read, defaults filled in. */
export type ReadOptions<F> = {
  readonly [Key in keyof F as MayBeUnset<F[Key]> extends true ? never : Key]: ReadOption<F[Key]>;
} & {
  readonly [Key in keyof F as MayBeUnset<F[Key]> extends true ? Key : never]?: ReadOption<F[Key]>;
};

type ReadOption<F> = F extends Field<infer T, infer _U, infer _G> ? T : ReadOptions<F>;
type MayBeUnset<F> =
  F extends Field<infer _T, infer Unset, infer _G> ? (undefined extends Unset ? true : false) : false;

/** An option that must be given. */
export function required<T>(kind: Kind<T>): Field<T, T> {
  return { kind, required: true };
}

/** An option that may be left out. */
export function optional<T>(kind: Kind<T>): Field<T, undefined> {
  return { kind };
}

/** An option with a default. */
export function defaulted<T>(kind: Kind<T>, unset: NoInfer<T>): Field<T, T> {
  return { kind, unset };
}

/** Whether it is one option, not a group of them. */
export function isField(entry: Field | Fields): entry is Field {
  return typeof entry.kind === 'object' && 'read' in entry.kind;
}

/** One field for each option of a type. */
export type FieldsOf<Options> = {
  readonly [Key in keyof Options]-?: Field<Exclude<Options[Key], undefined>, unknown, unknown>;
};

/**
 * Reads the options of one thing: checks each, refuses unknown ones, fills defaults in. Undefined counts as left out.
 * @param name what the options are of
 * @param relations what must hold between options, asked beside the checks of each
 * @returns the options, frozen
 * @throws InvalidConfigurationError listing every mistake
 */
export function resolveOptions<Options extends object, F extends FieldsOf<Options>>(
  name: string,
  given: Options,
  fields: F,
  relations: (issues: Issues, given: Options) => void = () => undefined,
): Readonly<ReadOptions<F>> {
  const issues = new Issues();
  const read: Record<string, unknown> = {};
  if (!isRecord(given)) issues.add('', mustBe('an object', shown(given)));
  else {
    issues.knownKeys('', given, Object.keys(fields));
    for (const [option, { kind, unset, required: isRequired }] of Object.entries<Field>(fields)) {
      const value = given[option];
      const found = value === undefined && isRequired !== true ? unset : kind.read(value);
      if (found instanceof Refusal) issues.check(option, value, kind);
      else if (found !== undefined) read[option] = found;
    }
    relations(issues, given);
  }
  issues.throwIfAny(InvalidConfigurationError, `The options of ${name} are wrong:`);
  return Object.freeze(read as ReadOptions<F>);
}
