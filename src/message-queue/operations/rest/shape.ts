import { Issues } from '../../../kernel/values/issues.js';
import { kind, Refusal } from '../../../kernel/values/kind.js';
import type { Kind } from '../../../kernel/values/kind.js';
import {
  flag,
  id,
  isRecord,
  moment,
  oneOf,
  record,
  text,
  wholeNumber,
} from '../../../kernel/values/kinds.js';
import type { Field, ReadOptions } from '../../../kernel/values/options.js';
import { mustBe, shown } from '../../../kernel/values/words.js';
import { InvalidRequestError } from './request-errors.js';
import { FLAG, list, TEXT, TIME, WHOLE, words } from './schemas/schema.js';
import type { Schema } from './schemas/schema.js';

/** One field of a query or a body: what it may be, and how the description of the API says so. */
export interface Param<T, Unset = T | undefined> extends Field<T, Unset, unknown> {
  readonly schema: Schema;
  /** What it means, in a sentence. */
  readonly about: string;
  /** May be given several times. */
  readonly isList?: true;
  /** Of an object: its fields. */
  readonly shape?: Shape;
}

/** The fields of a query or a body by their names. */
export type Shape = Readonly<Record<string, Param<unknown, unknown>>>;
/** What was read, defaults filled in. */
export type Read<S extends Shape> = ReadOptions<S>;

/** Reads a query: each value is text, and given once unless it is a list. @throws InvalidRequestError listing what is wrong */
export function readQuery<S extends Shape>(query: URLSearchParams, shape: S): Read<S> {
  const issues = new Issues();
  const given = Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name)]));
  issues.knownKeys('', given, Object.keys(shape));
  const read = fieldsOf(shape, issues, (name, { kind: of, isList }) => {
    const values = given[name];
    if (values === undefined) return undefined;
    if (isList === true) return values;
    if (values.length > 1) issues.add(name, 'was given more than once');
    const found = of.fromText(values[0] ?? '');
    return found instanceof Refusal ? values[0] : found;
  });
  issues.throwIfAny(InvalidRequestError, 'The query is wrong:');
  return read as Read<S>;
}

/** Reads a body. @throws InvalidRequestError listing what is wrong */
export function readBodyOf<S extends Shape>(body: unknown, shape: S): Read<S> {
  const issues = new Issues();
  const given = body === undefined ? {} : body;
  if (!isRecord(given)) issues.add('body', mustBe('a JSON object', shown(given)));
  const read = readFields(isRecord(given) ? given : {}, shape, issues);
  issues.throwIfAny(InvalidRequestError, 'The body is wrong:');
  return read as Read<S>;
}

function readFields(given: Record<string, unknown>, shape: Shape, issues: Issues): Record<string, unknown> {
  issues.knownKeys('', given, Object.keys(shape));
  return fieldsOf(shape, issues, (name) => (Object.hasOwn(given, name) ? given[name] : undefined));
}

function fieldsOf(
  shape: Shape,
  issues: Issues,
  valueOf: (name: string, param: Param<unknown, unknown>) => unknown,
): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const [name, param] of Object.entries(shape)) {
    const value = valueOf(name, param);
    const isMissing = value === undefined && param.required !== true;
    const found = isMissing ? param.unset : readOne(name, value, param, issues);
    if (found !== undefined) read[name] = found;
  }
  return read;
}

function param<T>(about: string, schema: Schema, of: Kind<T, unknown>): Param<T, undefined> {
  return { about, schema, kind: of };
}

function readOne(
  name: string,
  value: unknown,
  { kind: of, shape }: Param<unknown, unknown>,
  issues: Issues,
): unknown {
  if (shape === undefined || !isRecord(value)) return issues.read(name, value, of);
  const inside = new Issues(name);
  const read = readFields(value, shape, inside);
  issues.addAll(inside);
  return read;
}

/** A text of 1 to so many characters. */
export function textParam(about: string, length = 200): Param<string, undefined> {
  return param(about, { ...TEXT, minLength: 1, maxLength: length }, text(length));
}

/** A text that is not blank. */
export function idParam(about: string): Param<string, undefined> {
  return param(about, { ...TEXT, minLength: 1 }, id(1_000));
}

/** One text or several. */
export function textsParam(about: string): Param<readonly string[], undefined> {
  const one = text(1_000);
  const of = kind<readonly string[]>('a text or a list of texts', (value) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isRight = values.length <= 100 && values.every((item) => !(one.read(item) instanceof Refusal));
    return isRight ? (values as readonly string[]) : new Refusal();
  });
  return { ...param(about, { anyOf: [TEXT, list(TEXT)] }, of), isList: true };
}

/** A whole number. */
export function wholeParam(about: string, min: number, max?: number): Param<number, undefined> {
  const bounds = { minimum: min, ...(max !== undefined && { maximum: max }) };
  return param(about, { ...WHOLE, ...bounds }, wholeNumber(min, max));
}

/** One of a few words. */
export function wordParam<const Words extends readonly string[]>(
  about: string,
  ...values: Words
): Param<Words[number], undefined> {
  return param(about, words(...values), oneOf(...values));
}

export function flagParam(about: string): Param<boolean, undefined> {
  return param(about, FLAG, flag());
}

/** A time: ISO 8601. */
export function timeParam(about: string): Param<number, undefined> {
  return param(about, TIME, moment());
}

/** Whatever JSON has. */
export function anyParam(about: string): Param<unknown, undefined> {
  return param(
    about,
    {},
    kind<unknown>('given', (value) => (value === undefined ? new Refusal() : value)),
  );
}

/** Fields of its own. */
export function groupParam<S extends Shape>(about: string, shape: S): Param<Read<S>, undefined> {
  const of = record() as unknown as Kind<Read<S>, unknown>;
  return { ...param(about, schemaOf(shape), of), shape };
}

/** The same, with what it is when it is left out. */
export function withDefault<T>({ schema, ...of }: Param<T, undefined>, unset: T): Param<T, T> {
  return { ...of, schema: { ...schema, default: unset }, unset };
}

/** The same, that must be given. */
export function needed<T>(of: Param<T, undefined>): Param<T, T> {
  return { ...of, required: true };
}

/** The shape of an object as a schema. */
export function schemaOf(shape: Shape): Schema {
  const properties = Object.fromEntries(
    Object.entries(shape).map(([name, { schema, about }]) => [name, { ...schema, description: about }]),
  );
  const required = Object.keys(shape).filter((name) => shape[name]?.required === true);
  return {
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}
