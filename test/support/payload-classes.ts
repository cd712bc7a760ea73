import 'reflect-metadata';
import { Exclude, Expose, Transform, Type as TypeOf } from 'class-transformer';
import * as v from 'class-validator';
import type { Type } from '@nestjs/common';

/** What a class is about, the class, and usual payloads of it. */
export type PayloadClass = readonly [about: string, type: Type<object>, usual: object[]];

export class Street {
  @v.IsString()
  @v.MaxLength(10)
  name!: string;

  @v.IsOptional()
  @v.IsInt()
  number?: number;
}

export class Person {
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

export class Tree {
  @v.IsString()
  name!: string;

  @v.IsOptional()
  @v.ValidateNested({ each: true })
  @TypeOf(() => Tree)
  children?: Tree[];
}

export class Defaults {
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

export const street = { name: 'Main', number: 5 };
const person = {
  name: 'Ada',
  street,
  others: [street, street],
  anything: { a: [1, { b: null }] },
  kind: 'a',
};
const employee = { ...person, since: '2026-01-01T00:00:00Z', level: '5', code: 5, active: 1 };
const tree = { name: 'a', children: [{ name: 'b', children: [{ name: 'c' }] }, { name: 'd' }] };

/** Classes whose usual payloads the compiled rules accept. */
export const UNDERSTOOD: readonly PayloadClass[] = [
  ['nested classes', Person, [person, { name: 'x', street: { name: 'y' } }]],
  ['inheritance and types', Employee, [employee, { ...employee, since: new Date(0), level: 2 }]],
  ['a class in itself', Tree, [tree, { name: 'a' }]],
  ['defaults', Defaults, [{ text: 'x' }, {}, { tags: ['a'], streets: [street], at: new Date(1), unset: 5 }]],
  ['transforms', Transforming, [{ text: ' a ', twice: 1, other: 2 }, { text: 'x' }]],
];

/** Classes of which some payloads are left to the libraries. */
export const DOUBTFUL: readonly PayloadClass[] = [
  ['a function as a default', DefaultFunction, [{ name: 'x' }, { run: 'x' }]],
  ['an instance as a default', DefaultNested, [{}, { street }]],
  ['a default that is not declared', UndeclaredDefault, [{ name: 'x' }]],
];

/** Classes that are left to the libraries, each with a payload that these accept or judge by rules that are not compiled. */
export function notUnderstood(): [about: string, type: Type<object>, payload: object][] {
  class Exposing {
    @Expose({ name: 'title' })
    @v.IsString()
    name!: string;
  }
  @Exclude()
  class Excluding {
    @Expose()
    @v.IsString()
    name!: string;
  }
  class Promising {
    @v.ValidatePromise()
    @v.IsString()
    name!: string;
  }
  class Discriminating {
    @v.ValidateNested()
    @TypeOf(() => Street, { discriminator: { property: 'kind', subTypes: [{ value: Street, name: 's' }] } })
    name!: Street;
  }
  class Looking {
    @v.ValidateNested()
    @TypeOf((help) => (help?.object === null ? Date : Street))
    name!: Street;
  }
  class Untyped {
    @v.ValidateNested()
    name!: Street;
  }
  class Accessing {
    #name = '';
    @v.IsString()
    get name(): string {
      return this.#name;
    }
    set name(value: string) {
      this.#name = value;
    }
  }
  class Telling {
    @v.IsString()
    name!: string;
    toJSON(): string {
      return this.name;
    }
  }
  class Failing extends Error {
    @v.IsString()
    title!: string;
  }
  class Collecting {
    @v.ValidateNested()
    @TypeOf(() => Street)
    name!: Map<string, Street>;
  }
  class Bare {
    name?: string;
  }
  class Outer {
    @v.ValidateNested()
    @TypeOf(() => Exposing)
    name!: Exposing;
  }
  return [
    ['@Expose', Exposing, { title: 'x' }],
    ['@Exclude', Excluding, { name: 'x' }],
    ['@ValidatePromise', Promising, { name: 'x' }],
    ['a discriminator', Discriminating, { name: street }],
    ['a @Type that looks at its object', Looking, { name: street }],
    ['@ValidateNested without @Type', Untyped, { name: street }],
    ['an accessor', Accessing, { name: 'x' }],
    ['toJSON', Telling, { name: 'x' }],
    ['a class that extends a built-in one', Failing, { title: 'x' }],
    ['a Map', Collecting, { name: street }],
    ['a class without rules', Bare, { name: 'x' }],
    ['any of this in a class inside', Outer, { name: { title: 'x' } }],
  ];
}
