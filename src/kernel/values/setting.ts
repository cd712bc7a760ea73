import type { Kind } from './kind.js';
import { isField } from './options.js';
import type { Field, Fields, ReadOptions } from './options.js';

/**
 * A setting: an option that a variable can set too. Its declaration is the one place of it: the parser, the type of
 * the option, the resolved configuration, `.env.example` and `docs/configuration.md` are made from it; the comment
 * above it is its description, for editors and for the documents.
 */
export interface Setting<T = unknown, Unset = T | undefined, Given = T> extends Field<T, Unset, Given> {
  /** The environment variable. None: it is an option only. */
  readonly variable?: string;
  /** Whether a variable with `_FILE` behind the name may say which file has the value: for secrets. */
  readonly file?: true;
  /** The default in production, where it is another one. */
  readonly production?: T;
  /** The default in words, where it is not a plain value. */
  readonly otherwise?: string;
  /** A value as a variable's text for `.env.example`, where the default says too little. */
  readonly example?: string;
}

type Documented<T> = Omit<Setting<T>, keyof Field>;

/** Declares a setting that has a default, or must be given. */
export function setting<T, Given>(
  kind: Kind<T, Given>,
  about: Documented<NoInfer<T>> & ({ readonly default: NoInfer<T> } | { readonly required: true }),
): Setting<T, T, Given>;
/** Declares a setting that is nothing unless it is set. */
export function setting<T, Given>(
  kind: Kind<T, Given>,
  about: Documented<NoInfer<T>>,
): Setting<T, undefined, Given>;
export function setting<T, Given>(
  kind: Kind<T, Given>,
  about: Documented<T> & { readonly default?: T; readonly required?: true },
): Setting<T, T | undefined, Given> {
  const { default: unset, ...rest } = about;
  return { kind, unset, ...rest };
}

/** All settings of a tree with their dotted paths, in its order. */
export function settingsOf(tree: Fields, inside = ''): (readonly [path: string, setting: Setting])[] {
  return Object.entries(tree).flatMap(([name, entry]) => {
    const path = inside === '' ? name : `${inside}.${name}`;
    return isField(entry) ? [[path, entry] as const] : settingsOf(entry, path);
  });
}

/** The defaults of a tree of settings. */
export function defaultsOf<const F extends Fields>(tree: F): ReadOptions<F> {
  return Object.fromEntries(
    Object.entries<Field | Fields>(tree)
      .map(([name, entry]) => [name, isField(entry) ? entry.unset : defaultsOf(entry)] as const)
      .filter(([, value]) => value !== undefined),
  ) as ReadOptions<F>;
}
