import type { Schema } from '../../src/message-queue/operations/rest/schemas/schema.js';

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** What of a value does not fit a schema, by path: as much of JSON Schema as our description of the API uses, and an error for what it does not. */
export function schemaProblems(
  value: unknown,
  schema: Schema,
  named: Readonly<Record<string, Schema>>,
  path = '$',
): string[] {
  const { $ref, anyOf, const: constant, enum: words, type, format, ...rest } = schema;
  if (typeof $ref === 'string') {
    const found = named[$ref.replace('#/components/schemas/', '')];
    return found === undefined ? [`${path}: unknown ${$ref}`] : schemaProblems(value, found, named, path);
  }
  if (Array.isArray(anyOf)) {
    const tries = (anyOf as Schema[]).map((one) => schemaProblems(value, one, named, path));
    const shortest = tries.sort((a, b) => a.length - b.length)[0] ?? [];
    return shortest;
  }
  if ('const' in schema)
    return value === constant ? [] : [`${path}: ${JSON.stringify(value)} is not ${String(constant)}`];
  const problems = typeof type === 'string' ? typeProblems(value, type, path) : [];
  if (problems.length > 0) return problems;
  if (Array.isArray(words) && !words.includes(value))
    problems.push(`${path}: ${String(value)} is none of ${words.join()}`);
  if (format === 'date-time' && !TIME.test(String(value)))
    problems.push(`${path}: ${String(value)} is no time`);
  if (type === 'array') return [...problems, ...itemProblems(value as unknown[], rest, named, path)];
  if (type === 'object') return [...problems, ...fieldProblems(value as object, rest, named, path)];
  return problems;
}

function typeProblems(value: unknown, type: string, path: string): string[] {
  const actual = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const fits = type === 'integer' ? Number.isInteger(value) : actual === type;
  return fits ? [] : [`${path}: ${actual} is no ${type}`];
}

function itemProblems(
  values: unknown[],
  { items }: Schema,
  named: Readonly<Record<string, Schema>>,
  path: string,
): string[] {
  if (items === undefined) throw new Error(`${path}: an array without items`);
  return values.flatMap((item, index) => schemaProblems(item, items as Schema, named, `${path}[${index}]`));
}

function fieldProblems(
  value: object,
  schema: Schema,
  named: Readonly<Record<string, Schema>>,
  path: string,
): string[] {
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  const required = (schema['required'] ?? []) as string[];
  const others = schema['additionalProperties'];
  const missing = required
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => `${path}.${name}: missing`);
  const found = Object.entries(value).flatMap(([name, field]) => {
    const known = properties[name] ?? (typeof others === 'object' ? (others as Schema) : undefined);
    if (known !== undefined) return schemaProblems(field, known, named, `${path}.${name}`);
    return others === false ? [`${path}.${name}: not described`] : [];
  });
  return [...missing, ...found];
}
