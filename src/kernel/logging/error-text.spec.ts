import { MissingPackageError } from '../errors.js';
import { errorCodesOf, errorTextOf, errorWith, framesOf, TEXT_LEFT_OUT, withoutText } from './error-text.js';

class ProviderError extends Error {
  readonly status: number;
  readonly #secret = 1;

  constructor(message: string) {
    super(message);
    this.name = 'ProviderError';
    this.status = 500;
  }

  get secret(): number {
    return this.#secret;
  }
}

describe('errorTextOf', () => {
  it('has the name, code, message and places of an error', () => {
    const error = Object.assign(new ProviderError('no'), { code: 'E_NO' });
    expect(errorTextOf(error)).toEqual({
      ...{ name: 'ProviderError', code: 'E_NO', message: 'no' },
      frames: framesOf(error),
    });
    expect(framesOf(error)).toMatch(/^at .*error-text\.spec/);
  });

  it('takes nothing for a name, a code or a place that does not look like one', () => {
    const stack = [
      'Error: x',
      '    at some words',
      '    at words (and more)',
      '    at ok (/a b/c.js:1:2)',
      '    at async Promise.all (index 3)',
      '    at Object.<anonymous> (file:///a.js:10:20)',
      '    at <anonymous>',
      '    at /a.js:1:2',
    ].join('\n');
    const error = Object.assign(new Error('x'), { name: 'some words', code: 'some words', stack });
    expect(errorTextOf(error)).toEqual({
      ...{ name: 'Error', message: 'x' },
      frames: stack
        .split('\n')
        .slice(3)
        .map((line) => line.trim())
        .join('\n'),
    });
  });
});

describe('errorWith', () => {
  it('makes an error of the same class that carries nothing else', () => {
    const error = new ProviderError('quoted');
    error.cause = new Error('quoted');
    const copy = errorWith(error, { name: 'ProviderError', message: 'x', frames: 'at a.js:1:2' });
    expect(copy).toBeInstanceOf(ProviderError);
    expect(Object.getOwnPropertyNames(copy).sort()).toEqual(['message', 'name', 'stack']);
    expect(copy.stack).toBe('ProviderError: x\n    at a.js:1:2');
  });

  it('keeps code and place of an error of ours', () => {
    const error = new MissingPackageError('x', { queue: 'q', jobId: '1', cause: new Error('quoted') });
    const copy = withoutText(error);
    expect(Object.entries(copy)).toEqual([
      ['code', 'MISSING_PACKAGE'],
      ['queue', 'q'],
      ['jobId', '1'],
    ]);
    expect(copy.message).toBe(TEXT_LEFT_OUT);
  });

  it('can be read where the class has a getter that answers only its own errors', () => {
    const copy = withoutText(AbortSignal.abort().reason as Error);
    expect([copy.name, copy.message, (copy as { code?: unknown }).code]).toEqual([
      'AbortError',
      TEXT_LEFT_OUT,
      20,
    ]);
  });
});

describe('errorCodesOf', () => {
  const refused = Object.assign(new Error('quoted'), { code: 'ECONNREFUSED' });

  it.each<[unknown, string]>([
    [refused, 'Error ECONNREFUSED'],
    [
      new MissingPackageError('quoted', { cause: refused }),
      'MissingPackageError MISSING_PACKAGE, Error ECONNREFUSED',
    ],
    [Object.assign(new Error('x'), { name: 'some words', code: 'some words' }), 'object'],
    ['quoted', 'string'],
    [undefined, 'undefined'],
    [null, 'object'],
  ])('names %p as %j', (error, codes) => {
    expect(errorCodesOf(error)).toBe(codes);
  });

  it('ends where causes go round', () => {
    const error = new Error('x');
    error.cause = error;
    expect(errorCodesOf(error)).toBe('Error, Error, Error, Error');
  });
});
