/** A JSON Schema, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>;

export const TEXT: Schema = { type: 'string' };
export const NUMBER: Schema = { type: 'number' };
export const WHOLE: Schema = { type: 'integer' };
export const FLAG: Schema = { type: 'boolean' };
/** ISO 8601. */
export const TIME: Schema = { type: 'string', format: 'date-time' };
export const ANYTHING: Schema = {};

/** One of a few words. */
export function words(...values: readonly string[]): Schema {
  return { type: 'string', enum: values };
}

/** The same, or null. */
export function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }] };
}

export function list(items: Schema): Schema {
  return { type: 'array', items };
}

/** Values by names that are not known before. */
export function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values };
}

/** Some fields that are known among others. */
export function open(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', properties, required: Object.keys(properties) };
}

/** Exactly these fields, all of them; those of `optional` may be left out. The compiler asks for each field of the type. */
export function object<T extends object>(
  properties: { readonly [Key in keyof T]-?: Schema },
  optional: readonly (keyof T & string)[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !(optional as readonly string[]).includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

/** A schema that is described once, under its name. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}
