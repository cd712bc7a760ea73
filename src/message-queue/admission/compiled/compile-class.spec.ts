import 'reflect-metadata';
import { Exclude, Expose, Type as TypeOf } from 'class-transformer';
import * as v from 'class-validator';
import type { Type } from '@nestjs/common';
import { acceptPayload } from './accept-payload.js';

const NO_LIMIT = Number.POSITIVE_INFINITY;

class Street {
  @v.IsString()
  name!: string;
}

const street = { name: 'Main' };

/** Each with a payload that the libraries accept or judge by rules that are not compiled. */
function notUnderstood(): [string, Type<object>, object][] {
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
    declare name: string;
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
    ['a discriminator', Discriminating, { name: { ...street, kind: 's' } }],
    ['a @Type that looks at its object', Looking, { name: street }],
    ['@ValidateNested without @Type', Untyped, { name: street }],
    ['an accessor', Accessing, { name: 'x' }],
    ['toJSON', Telling, { name: 'x' }],
    ['a class that extends a built-in one', Failing, { name: 'x' }],
    ['a Map', Collecting, { name: { a: street } }],
    ['a class without rules', Bare, { name: 'x' }],
    ['any of this in a class inside', Outer, { name: { title: 'x' } }],
  ];
}

describe('a class that is not understood', () => {
  it.each(notUnderstood())('is left to the libraries: %s', (_, type, payload) => {
    expect(acceptPayload(type, payload, NO_LIMIT)).toBeUndefined();
  });

  it('is one whose rule says it is asynchronous, or answers with a promise', () => {
    let asked = 0;
    const validate = (): Promise<boolean> => {
      asked++;
      return Promise.reject(new Error('nobody hears this'));
    };
    class Declared {
      name?: string;
    }
    v.registerDecorator({ target: Declared, propertyName: 'name', async: true, validator: { validate } });
    class Silent {
      @v.ValidateBy({ name: 'slow', validator: { validate: validate as unknown as () => boolean } })
      name?: string;
    }
    expect(acceptPayload(Declared, { name: 'x' }, NO_LIMIT)).toBeUndefined();
    expect(asked).toBe(0);
    expect(acceptPayload(Silent, { name: 'x' }, NO_LIMIT)).toBeUndefined();
    expect(acceptPayload(Silent, { name: 'x' }, NO_LIMIT)).toBeUndefined();
    expect(asked).toBe(1);
  });
});
