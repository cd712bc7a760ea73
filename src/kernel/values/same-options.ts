/** Whether two options are equal: plain objects and lists by their content, everything else by reference. */
export function sameOptions(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameOptions(item, b[index]));
  }
  if (!isPlain(a) || !isPlain(b)) return false;
  const keys = definedKeys(a);
  return (
    keys.length === definedKeys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameOptions(a[key], b[key]))
  );
}

/**
 * Gives the same object for the same options, as long as somebody holds it. Nest tells dynamic modules apart by
 * reference, so a registration that is imported in several places must be one object.
 */
export class SameObject<Options, Rest extends unknown[], Made extends object> {
  readonly #made: { readonly options: WeakRef<object>; readonly object: WeakRef<Made> }[] = [];
  /** Options live exactly as long as what was made from them. */
  readonly #optionsOf = new WeakMap<Made, object>();

  constructor(private readonly make: (options: Options, ...rest: Rest) => Made) {}

  /** What was made from the same options before, or a new one; `rest` plays no part in the comparison. */
  of(options: Options, ...rest: Rest): Made {
    let write = 0;
    let found: Made | undefined;
    for (const entry of this.#made) {
      const object = entry.object.deref();
      const known = entry.options.deref();
      if (object === undefined || known === undefined) continue;
      this.#made[write++] = entry;
      if (found === undefined && sameOptions((known as { value: Options }).value, options)) found = object;
    }
    this.#made.length = write;
    if (found !== undefined) return found;
    const object = this.make(options, ...rest);
    const holder = { value: options };
    this.#optionsOf.set(object, holder);
    this.#made.push({ options: new WeakRef(holder), object: new WeakRef(object) });
    return object;
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function definedKeys(value: Record<string, unknown>): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined);
}
