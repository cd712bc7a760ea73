import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { Transform, Type as TypeOf } from 'class-transformer';
import * as v from 'class-validator';
import {
  DOUBTFUL,
  notUnderstood,
  Street,
  street,
  Tree,
  UNDERSTOOD,
} from '../../../../test/support/payload-classes.js';
import type { PayloadClass } from '../../../../test/support/payload-classes.js';
import { compare } from '../../../../test/support/payload-equivalence.js';
import type { ComparisonOptions } from '../../../../test/support/payload-equivalence.js';

type Accept = NonNullable<ComparisonOptions['accept']>;

class Rules {
  @v.IsOptional()
  @v.IsString({ each: true })
  tags?: string[];

  @v.IsInt({ validateIf: (_payload, value) => value !== 'any' })
  count!: number | 'any';
}

class Strange {
  @v.Allow()
  any?: unknown;

  @v.IsOptional()
  @TypeOf(() => Number)
  @v.Allow()
  count?: number;

  @v.IsOptional()
  @Transform(({ value }) => (value === 'x' ? 5n : value) as unknown)
  @v.Allow()
  odd?: unknown;
}

class DefaultBig {
  @v.Allow()
  big: unknown = 5n;

  @v.IsOptional()
  @v.IsString()
  name?: string;
}

class DefaultPlain {
  @v.ValidateNested()
  @TypeOf(() => Street)
  street: Street = {} as Street;
}

class TransformedNested {
  @v.ValidateNested()
  @TypeOf(() => Street)
  @Transform(() => ({}))
  street!: Street;
}

/** So many levels below the first; each costs two, of its list and its own. */
function treeOf(levels: number): object {
  return { name: 'a', ...(levels > 0 && { children: [treeOf(levels - 1)] }) };
}

/** What somebody could break: the file, the text, and what it would become. */
const MUTATIONS: readonly (readonly [file: string, text: string, broken: string])[] = [
  ['json-copy', 'return this.leastBytes > this.maxBytes', 'return false'],
  ['json-copy', 'list.forEach === forEach', 'true'],
  ['json-copy', '(list as { toJSON?: unknown }).toJSON === undefined', 'true'],
  ['json-copy', 'toJSON === undefined &&', ''],
  ['json-copy', 'then === undefined &&', ''],
  ['json-copy', 'Object.getOwnPropertySymbols(value).length === 0', 'true'],
  ['json-copy', 'Number.isFinite(value) ? value : UNSURE', 'value'],
  ['json-copy', 'default:\n      return UNSURE', 'default:\n      return value'],
  ['json-copy', 'if (depth > MAX_DEPTH) return UNSURE;', ''],
  ['json-copy', '|| value.constructor !== Object', ''],
  ['json-copy', 'Number.isNaN(copy.getTime()) ? UNSURE : copy', 'copy'],
  ['json-copy', '|| key in Object.prototype', ''],
  ['json-copy', 'kept = copyJson(value, reading, depth + 1)', 'kept = value'],
  ['compiled-class', 'if (property === undefined) return UNSURE;', 'if (property === undefined) continue;'],
  ['compiled-class', '#isReadable(data) || depth > MAX_DEPTH', '#isReadable(data)'],
  ['compiled-class', '|| !this.#acceptsDefaults(payload, data, depth)', ''],
  ['compiled-class', 'property.accepts(payload)', 'true'],
  ['compiled-class', "|| typeof payload[key] === 'function'", ''],
  ['compiled-class', 'if (property === undefined ||', 'if (property === undefined) continue;\n      if ('],
  ['compiled-class', 'prototype !== Object.prototype &&', 'false &&'],
  ['compiled-class', 'return isOrdinaryObject(data)', 'return true'],
  ['compiled-property', 'transforms.length === 0 ||', 'true ||'],
  ['compiled-property', 'made === value ? value : copyMade(made, depth)', 'made'],
  ['compiled-property', 'copyMade(value, depth) === UNSURE', 'false'],
  ['compiled-property', '!this.#parts.rules.isNested || isEmpty', 'true'],
  ['compiled-property', 'obj: data', 'obj: {}'],
  ['property-rules', '!(this.isNested && value === null)', 'true'],
  ['property-rules', '!this.#apply(value, payload)', 'value === undefined || value === null'],
  ['property-rules', 'for (const item of value) if', 'for (const item of value.slice(1)) if'],
  ['property-rules', '!metadata.validateIf(payload, value)', 'true'],
  ['property-rules', 'if (answer === true) return true', 'return true'],
  ['read-value', "if (typeof copy === 'object') return UNSURE;", ''],
  ['read-value', 'copyMade(convert(copy as string), depth)', 'convert(copy as string)'],
  ['read-value', 'if (item === UNSURE) return UNSURE;', 'if (item === UNSURE) continue;'],
  ['read-value', 'depth > MAX_DEPTH || !isOrdinaryList(list)', 'depth > MAX_DEPTH'],
  ['compile-class', '&& !(name in type.prototype)', ''],
  ['compile-class', 'default:\n        understand(false)', 'default:'],
  ['compile-class', '&& this.#exposesAll(type)', ''],
  ['compile-class', '(options?.groups ?? []).length === 0', 'true'],
  ['compile-class', 'options?.discriminator === undefined &&', ''],
  ['compile-class', '&& typeFunction.length === 0', ''],
  ['compile-class', '!rules.isNested || transforms.length === 0', 'true'],
  ['compile-class', '&& reflectedType !== Map', ''],
  ['compile-class', "'toJSON' in prototype ||", ''],
  ['compile-class', '/\\{\\s*\\[native code\\]\\s*\\}$/', '/never/'],
];

const CLASSES: readonly PayloadClass[] = [
  ...UNDERSTOOD,
  ...DOUBTFUL,
  ['rules of each', Rules, [{ tags: ['a', 'b'], count: 5 }, { count: 'any' }]],
  ['what JSON does not keep', Strange, [{ count: 'x' }, { count: '5', odd: 'x' }, { odd: 1 }]],
  ['a default that JSON does not keep', DefaultBig, [{}, { name: 'x' }]],
  ['a plain default', DefaultPlain, [{}, { street }]],
  ['a transformed object', TransformedNested, [{ street }]],
  ['too deep', Tree, [treeOf(32), treeOf(31)]],
];

/** The compiled rules as they would be with a mistake: the folder's files are loaded anew. @throws when the text is not there */
function gateWith(file: string, text: string, broken: string): Accept {
  const loaded = new Map<string, object>();
  const load = (name: string): object => {
    const known = loaded.get(name);
    if (known !== undefined) return known;
    const filename = join(__dirname, `${name}.ts`);
    let source = readFileSync(filename, 'utf8');
    if (name === file) {
      expect(source).toContain(text);
      source = source.replace(text, broken);
    }
    const jsc = { target: 'es2022', parser: { syntax: 'typescript' } } as const;
    const { code } = transformSync(source, { filename, jsc, module: { type: 'commonjs' } });
    const outside = createRequire(filename);
    const resolve = (request: string): unknown =>
      request.startsWith('./') ? load(request.slice(2, -3)) : outside(request);
    const exported = {};
    loaded.set(name, exported);
    const run = Reflect.construct(Function, ['exports', 'require', '__filename', code]) as (
      ...args: unknown[]
    ) => void;
    run(exported, resolve, filename);
    return exported;
  };
  return (load('accept-payload') as { acceptPayload: Accept }).acceptPayload;
}

/** The first payload that the gate judges otherwise than the libraries, or that it should have left to them. */
async function firstWrong(accept: Accept): Promise<string | undefined> {
  for (const [about, type, payload] of notUnderstood()) {
    if (accept(type, payload, Number.POSITIVE_INFINITY) !== undefined) return about;
  }
  for (let seed = 1; seed <= 12; seed++) {
    for (const [, type, usual] of CLASSES) {
      const { wrong } = await compare(type, usual, { seed, rounds: 60, accept });
      if (wrong.length > 0) return wrong[0];
    }
  }
  return undefined;
}

describe('the compiled rules', () => {
  it('say yes only where the libraries do', async () => {
    expect(await firstWrong(gateWith('json-copy', 'UNSURE', 'UNSURE'))).toBeUndefined();
  });

  it.each(MUTATIONS)('would be found out with a mistake in %s: %s → %s', async (file, text, broken) => {
    expect(await firstWrong(gateWith(file, text, broken))).toBeDefined();
  });
});
