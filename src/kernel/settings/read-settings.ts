import type { Issues } from '../values/issues.js';
import { Refusal } from '../values/kind.js';
import { isRecord } from '../values/kinds.js';
import { isField } from '../values/options.js';
import type { Field, Fields, ReadOptions } from '../values/options.js';
import type { Setting } from '../values/setting.js';
import { mustBe, shown } from '../values/words.js';

/** A value as it was given, and what the host knows it by: the path of its option, or its variable. */
export interface Given {
  readonly raw: unknown;
  readonly name: string;
}

/** Where the values of a tree of settings come from, and who is told of those that are not allowed. */
export interface SettingSources {
  /** What was given for a setting; nothing: its default counts. */
  readonly given: (path: string, setting: Setting) => Given | undefined;
  readonly refuse: (path: string, given: Given, message: string) => void;
  /** Whether the defaults of production count. */
  readonly production?: boolean;
}

/** Reads every setting of a tree; text is read as a variable's, wherever it comes from. The values are frozen. */
export function readSettings<F extends Fields>(
  tree: F,
  sources: SettingSources,
  inside = '',
): ReadOptions<F> {
  const values: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries<Field | Fields>(tree)) {
    const path = inside === '' ? name : `${inside}.${name}`;
    const value = isField(entry) ? readSetting(path, entry, sources) : readSettings(entry, sources, path);
    if (value !== undefined) values[name] = value;
  }
  return Object.freeze(values) as ReadOptions<F>;
}

function readSetting(path: string, setting: Setting, sources: SettingSources): unknown {
  const given = sources.given(path, setting) ?? { raw: undefined, name: path };
  const { kind, unset, required } = setting;
  if (given.raw === undefined && required !== true) {
    return sources.production === true ? (setting.production ?? unset) : unset;
  }
  const value = typeof given.raw === 'string' ? kind.fromText(given.raw.trim()) : kind.read(given.raw);
  if (!(value instanceof Refusal)) return value;
  const got = given.raw === undefined ? undefined : kind.show(given.raw);
  sources.refuse(path, given, mustBe(kind.expected, got, value.reason));
  return unset;
}

/** Refuses keys that no setting of the tree has, and groups that are not objects. @param further other known keys */
export function checkKeys(
  tree: Fields,
  given: unknown,
  issues: Issues,
  inside = '',
  further: readonly string[] = [],
): void {
  const known = [...new Set([...Object.keys(tree), ...further])];
  if (given === undefined) return;
  if (!isRecord(given)) {
    issues.add(inside, mustBe(`an object (${known.join(', ')})`, shown(given)));
    return;
  }
  issues.knownKeys(inside, given, known);
  for (const [name, entry] of Object.entries(tree)) {
    if (!isField(entry)) checkKeys(entry, given[name], issues, inside === '' ? name : `${inside}.${name}`);
  }
}

/** The value at a dotted path; undefined where there is none. */
export function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((found, key) => (isRecord(found) ? found[key] : undefined), value);
}
