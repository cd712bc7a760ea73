import { UnrecoverableJobError } from './errors.js';
import { framesOf } from '../../kernel/logging/error-text.js';
import { boundedError, failureRecordOf, toError } from './failure-record.js';

describe('toError', () => {
  it('leaves errors alone, also those of another realm', () => {
    const error = new RangeError('x');
    expect(toError(error)).toBe(error);
    const abort: unknown = AbortSignal.abort().reason;
    expect(toError(abort).name).toBe('AbortError');
  });

  it('wraps what only looks like one, or breaks when it is read', () => {
    const hostile = new Error('x');
    Object.defineProperty(hostile, 'message', {
      get: () => {
        throw new Error('gotcha');
      },
    });
    expect(toError({}).message).toContain('object');
    expect(() => toError(hostile)).not.toThrow();
  });
});

describe('failureRecordOf', () => {
  it('names our errors by code and others by name, and leaves the message out of the stack', () => {
    expect(failureRecordOf(new UnrecoverableJobError('x'), 1, 'error', 5)).toMatchObject({
      at: 5,
      attempt: 1,
      kind: 'error',
      error: 'UNRECOVERABLE_JOB',
      message: 'x',
    });
    const record = failureRecordOf(new TypeError('two\nlines of text'), 1, 'error', 5);
    expect(record.error).toBe('TypeError');
    expect(record.stack).not.toContain('lines of text');
    expect(record.stack?.split('\n')[0]).toContain('failure-record.spec');
  });

  it('does without a stack', () => {
    const error = Object.assign(new Error('x'), { stack: undefined });
    expect(failureRecordOf(error, 1, 'error', 5)).not.toHaveProperty('stack');
  });
});

describe('boundedError', () => {
  it('is the same error while it is small, and a copy with name and code when not', () => {
    const small = new Error('x');
    expect(boundedError(small)).toBe(small);
    const large = Object.assign(new RangeError('y'.repeat(5000)), { code: 'E_LARGE' });
    const copy = boundedError(large);
    expect(copy).toMatchObject({ name: 'RangeError', code: 'E_LARGE', cause: large });
    expect(copy.message).toHaveLength(2000);
    expect(copy.stack?.length).toBeLessThan(5000);
    expect(framesOf(copy)).toBe(framesOf(large));
  });
});
