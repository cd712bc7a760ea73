import 'reflect-metadata';
import * as v from 'class-validator';
import { notUnderstood } from '../../../../test/support/payload-classes.js';
import { acceptPayload } from './accept-payload.js';

const NO_LIMIT = Number.POSITIVE_INFINITY;

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
