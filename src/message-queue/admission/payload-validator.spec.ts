import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
import {
  IsArray,
  IsDate,
  IsOptional,
  IsString,
  MaxLength,
  Validate,
  ValidateBy,
  ValidateNested,
  ValidatePromise,
  ValidatorConstraint,
} from 'class-validator';
import { InvalidPayloadError } from '../jobs/errors.js';
import type { EnqueueCheck } from './enqueue-check.js';
import { runChecks } from './enqueue-check.js';
import { judgeStoredPayload, validatePayload } from './payload-validator.js';

class Item {
  @IsString({ each: true })
  b!: string[];
}

class Note {
  @IsString()
  @MaxLength(5)
  text!: string;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Item)
  items?: Item[];

  @IsOptional()
  @Type(() => Date)
  @IsDate()
  at?: Date;

  @IsOptional()
  @ValidateBy({
    name: 'quoting',
    validator: { validate: () => false, defaultMessage: () => '$value is bad' },
  })
  quoted?: string;
}

class Undecorated {
  text!: string;
}

class Throwing {
  @Transform(() => {
    throw new Error('TOP-SECRET');
  })
  @IsString()
  text!: string;
}

const place = { queue: 'q', job: 'note', jobId: 'm_1' };

async function refused(
  type: new () => object,
  data: unknown,
  maxBytes?: number,
): Promise<InvalidPayloadError> {
  const outcome: unknown = await validatePayload(type, data, place, maxBytes).catch(
    (error: unknown) => error,
  );
  if (outcome instanceof InvalidPayloadError) return outcome;
  throw new Error('It was accepted.', { cause: outcome });
}

describe('validatePayload', () => {
  it('returns an instance of the class, nested ones and dates too', async () => {
    const note = await validatePayload(
      Note,
      { text: 'hi', items: [{ b: ['x'] }], at: '2026-01-01T00:00:00Z' },
      place,
    );
    expect(note).toBeInstanceOf(Note);
    expect(note.items?.[0]).toBeInstanceOf(Item);
    expect(note.at?.getTime()).toBe(Date.UTC(2026, 0, 1));
  });

  it('takes what it returned once more', async () => {
    const once = await validatePayload(Note, { text: 'hi', at: new Date(0) }, place);
    expect(await validatePayload(Note, once, place)).toEqual(once);
  });

  it('lists every field, nested ones by path, and what is not declared', async () => {
    const error = await refused(Note, { text: 'too long', items: [{ b: [] }, { b: [5], c: 1 }], extra: 1 });
    expect(error.issues.map((issue) => issue.path).sort()).toEqual([
      'extra',
      'items.1.b',
      'items.1.c',
      'text',
    ]);
    expect(error).toMatchObject({ code: 'INVALID_PAYLOAD', ...place });
    expect(error.message).toContain('"note" m_1 for queue "q"');
  });

  it.each([
    ['meet me at the harbour', false],
    [`a${'x'.repeat(40)}`, false],
    ['Fernsehturm\n2026', false],
    ['recipient_id-2', true],
  ])('names %j, which nothing declares: only what looks like a name', async (name, isNamed) => {
    for (const data of [
      { text: 'a', [name]: 1 },
      { text: 'a', items: [{ b: [], [name]: 1 }] },
    ]) {
      const error = await validatePayload(Note, data, { queue: 'notes', job: 'write' }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(InvalidPayloadError);
      expect(JSON.stringify([String(error), error]).includes(JSON.stringify(name).slice(1, -1))).toBe(
        isNamed,
      );
    }
  });

  it('never quotes a value', async () => {
    const error = await refused(Note, { text: 'TOP-SECRET', quoted: 'HUSH-HUSH' });
    expect(error.message).not.toMatch(/TOP-SECRET|HUSH/);
    const broken = await refused(Throwing, { text: 'x' });
    expect(broken.message).not.toContain('TOP-SECRET');
    expect(broken.cause).toBeInstanceOf(Error);
  });

  it('bounds the number of issues', async () => {
    const error = await refused(Note, { text: 'x', items: Array.from({ length: 500 }, () => ({ b: [1] })) });
    expect(error.issues).toHaveLength(51);
    expect(error.issues.at(-1)?.message).toContain('450 more');
  });

  it.each([[null], [undefined], ['text'], [[]], [5]])('refuses %p instead of an object', async (data) => {
    expect((await refused(Note, data)).issues[0]?.path).toBe('payload');
  });

  it('refuses circular data and smuggled prototypes instead of following them', async () => {
    const circular: Record<string, unknown> = { text: 'x' };
    circular.items = [circular];
    expect((await refused(Note, circular)).issues[0]?.path).toBe('items.0');
    const smuggled: unknown = JSON.parse('{"text":"x","__proto__":{"admin":true}}');
    expect((await refused(Note, smuggled)).issues[0]?.path).toBe('__proto__');
  });

  it('refuses what is too large before it runs the rules', async () => {
    expect((await refused(Note, { text: 'x'.repeat(200) }, 100)).message).toContain('the limit is 100');
  });

  it('says so when a class has no rules at all', async () => {
    expect((await refused(Undecorated, { text: 'x' })).message).toContain('Undecorated');
  });
});

/** An object that JSON shows nothing of, and that whoever awaits it waits for. */
const unsettled: unknown = Object.create({ then: () => undefined });

@ValidatorConstraint({ async: true })
class NeverAnswers {
  validate(): Promise<boolean> {
    return new Promise(() => undefined);
  }
}

class Promising {
  @IsOptional()
  @ValidatePromise()
  later?: object;

  @IsOptional()
  @Validate(NeverAnswers)
  asked?: string;
}

describe('What never settles in a payload', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const inTime = async <T>(promise: Promise<T>): Promise<T> => {
    promise.catch(() => undefined);
    await jest.advanceTimersByTimeAsync(10_000);
    return promise;
  };

  it.each([{ later: unsettled }, { asked: 'x' }])(
    'is refused after 10 s when it is added: %#',
    async (data) => {
      await expect(inTime(refused(Promising, data))).resolves.toMatchObject({
        issues: [
          { path: 'payload', message: expect.stringContaining('did not settle within 10 s') as string },
        ],
      });
    },
  );

  it('fails the attempt when it is run', async () => {
    const judged = inTime(judgeStoredPayload(Promising, { asked: 'x' }, place));
    await expect(judged).rejects.toMatchObject({ code: 'JOB_TIMEOUT', queue: 'q', jobId: 'm_1' });
  });

  it('is no way for a check to keep its caller', async () => {
    const check: EnqueueCheck = { queue: 'q', job: 'note', check: () => new Promise(() => undefined) };
    await expect(inTime(runChecks([check], {}, place))).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
  });
});
