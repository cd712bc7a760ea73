import 'reflect-metadata';
import { Transform } from 'class-transformer';
import * as v from 'class-validator';
import type { Type } from '@nestjs/common';
import { Defaults, DOUBTFUL, Person, street, UNDERSTOOD } from '../../../../test/support/payload-classes.js';
import { compare } from '../../../../test/support/payload-equivalence.js';
import { acceptPayload } from './accept-payload.js';

const NO_LIMIT = Number.POSITIVE_INFINITY;

describe('acceptPayload', () => {
  it.each(UNDERSTOOD)(
    'says yes to usual payloads, and only where the libraries do: %s',
    async (_, type, usual) => {
      for (const payload of usual) expect(acceptPayload(type, payload, NO_LIMIT)).toBeInstanceOf(type);
      for (const seed of [1, 2]) {
        const { wrong, fastYes, gateYes } = await compare(type, usual, { seed, rounds: 1_500 });
        expect(wrong).toEqual([]);
        expect(fastYes).toBeGreaterThan(0.5 * gateYes);
      }
    },
  );

  it.each(DOUBTFUL)('says yes only where the libraries do: %s', async (_, type, usual) => {
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
