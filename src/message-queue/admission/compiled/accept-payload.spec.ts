import 'reflect-metadata';
import { Transform, Type as TypeOf } from 'class-transformer';
import * as v from 'class-validator';
import type { Type } from '@nestjs/common';
import { compare } from '../../../../test/support/payload-equivalence.js';
import { acceptPayload } from './accept-payload.js';

const NO_LIMIT = Number.POSITIVE_INFINITY;

class Street {
  @v.IsString()
  @v.MaxLength(10)
  name!: string;

  @v.IsOptional()
  @v.IsInt()
  number?: number;
}

class Person {
  @v.Length(1, 20)
  name!: string;

  @v.ValidateNested()
  @TypeOf(() => Street)
  street!: Street;

  @v.IsOptional()
  @v.ArrayMaxSize(3)
  @v.ValidateNested({ each: true })
  @TypeOf(() => Street)
  others?: Street[];

  @v.Allow()
  anything?: unknown;

  @v.ValidateIf((person: Person) => person.name !== 'x')
  @v.IsDefined()
  @v.IsIn(['a', 'b'])
  kind?: string;
}

class Employee extends Person {
  @v.MaxLength(8)
  declare name: string;

  @TypeOf(() => Date)
  @v.IsDate()
  since!: Date;

  @v.IsOptional()
  @TypeOf(() => Number)
  @v.Min(1)
  level?: number;

  @v.IsOptional()
  @TypeOf(() => String)
  @v.MaxLength(5)
  code?: string;

  @v.IsOptional()
  @TypeOf(() => Boolean)
  @v.IsBoolean()
  active?: boolean;
}

class Tree {
  @v.IsString()
  name!: string;

  @v.IsOptional()
  @v.ValidateNested({ each: true })
  @TypeOf(() => Tree)
  children?: Tree[];
}

class Defaults {
  @v.IsString()
  text = 'hi';

  @v.IsArray()
  tags: unknown[] = [];

  @v.IsOptional()
  @v.ValidateNested({ each: true })
  @TypeOf(() => Street)
  streets?: Street[] = [];

  @v.IsOptional()
  @v.IsDate()
  at?: Date = new Date(5);

  @v.IsOptional()
  @v.IsInt()
  unset?: number = undefined;
}

class Transforming {
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @v.IsNotEmpty()
  text!: unknown;

  @v.IsOptional()
  @Transform(({ value, obj, key }) => ({ value: value as unknown, key, keys: Object.keys(obj as object) }))
  @Transform(({ value, options }) => [value, options.exposeUnsetFields])
  @v.Allow()
  twice?: unknown;

  @v.IsOptional()
  @Transform(
    ({ value }) =>
      (value === 'x' ? 5n : value === 5 ? () => 1 : value === true ? new Street() : value) as unknown,
  )
  @v.Allow()
  odd?: unknown;

  @v.IsOptional()
  @Transform(() => 'not for us', { toPlainOnly: true })
  @Transform(() => 'nor this', { groups: ['g'] })
  @v.Allow()
  other?: unknown;
}

class DefaultFunction {
  @v.Allow()
  run: unknown = () => 1;

  @v.Allow()
  name?: string;
}

class DefaultNested {
  @v.ValidateNested()
  @TypeOf(() => Street)
  street: Street = new Street();
}

class UndeclaredDefault {
  secret = 1;

  @v.IsString()
  name!: string;
}

const street = { name: 'Main', number: 5 };
const person = {
  name: 'Ada',
  street,
  others: [street, street],
  anything: { a: [1, { b: null }] },
  kind: 'a',
};
const employee = { ...person, since: '2026-01-01T00:00:00Z', level: '5', code: 5, active: 1 };
const tree = { name: 'a', children: [{ name: 'b', children: [{ name: 'c' }] }, { name: 'd' }] };

describe('acceptPayload', () => {
  it.each<[string, Type<object>, object[]]>([
    ['nested classes', Person, [person, { name: 'x', street: { name: 'y' } }]],
    ['inheritance and types', Employee, [employee, { ...employee, since: new Date(0), level: 2 }]],
    ['a class in itself', Tree, [tree, { name: 'a' }]],
    [
      'defaults',
      Defaults,
      [{ text: 'x' }, {}, { tags: ['a'], streets: [street], at: new Date(1), unset: 5 }],
    ],
    ['transforms', Transforming, [{ text: ' a ', twice: 1, other: 2 }, { text: 'x' }]],
  ])('says yes to usual payloads, and only where the libraries do: %s', async (_, type, usual) => {
    for (const payload of usual) expect(acceptPayload(type, payload, NO_LIMIT)).toBeInstanceOf(type);
    for (const seed of [1, 2]) {
      const { wrong, fastYes, gateYes } = await compare(type, usual, { seed, rounds: 1_500 });
      expect(wrong).toEqual([]);
      expect(fastYes).toBeGreaterThan(0.5 * gateYes);
    }
  });

  it.each<[string, Type<object>, object[]]>([
    ['a function as a default', DefaultFunction, [{ name: 'x' }, { run: 'x' }]],
    ['an instance as a default', DefaultNested, [{}, { street }]],
    ['a default that is not declared', UndeclaredDefault, [{ name: 'x' }]],
  ])('says yes only where the libraries do: %s', async (_, type, usual) => {
    expect((await compare(type, usual, { rounds: 500 })).wrong).toEqual([]);
  });
});

describe('what acceptPayload never does', () => {
  it('throws', () => {
    class Throwing {
      @Transform(() => {
        throw new Error('transform');
      })
      @v.IsString()
      name!: string;
    }
    expect(acceptPayload(Throwing, { name: 'x' }, NO_LIMIT)).toBeUndefined();
    for (const type of [null, undefined, 5, String, Map, () => 1]) {
      expect(acceptPayload(type as unknown as Type<object>, { name: 'x' }, NO_LIMIT)).toBeUndefined();
    }
    for (const data of [null, undefined, 5, 'x', [], new Date(), () => 1]) {
      expect(acceptPayload(Defaults, data, NO_LIMIT)).toBeUndefined();
    }
  });

  it('accepts what is certainly larger than allowed', () => {
    const text = 'x'.repeat(500);
    expect(acceptPayload(Defaults, { text }, 600)).toBeInstanceOf(Defaults);
    expect(acceptPayload(Defaults, { text }, 500)).toBeUndefined();
  });

  it('keeps what it was given: the instance is a copy', () => {
    const given = { name: 'Ada', street: { ...street }, anything: { list: [{ a: 1 }] }, kind: 'b' };
    const payload = acceptPayload(Person, given, NO_LIMIT)!;
    given.street.name = 'changed';
    given.anything.list[0]!.a = 2;
    expect(payload).toMatchObject({ street, anything: { list: [{ a: 1 }] } });
  });

  it('trusts prototypes that somebody changed', () => {
    Object.defineProperty(Object.prototype, 'toJSON', { value: () => 'hijacked', configurable: true });
    try {
      expect(acceptPayload(Defaults, {}, NO_LIMIT)).toBeUndefined();
    } finally {
      Reflect.deleteProperty(Object.prototype, 'toJSON');
    }
    expect(acceptPayload(Defaults, {}, NO_LIMIT)).toBeInstanceOf(Defaults);
  });
});
