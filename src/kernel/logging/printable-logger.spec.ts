import { printableLogger, printableValue } from './printable-logger.js';

const HOSTILE = 'a\r\nFORGED\u001b[2J';
const SHOWN = String.raw`a\u000d\u000aFORGED\u001b[2J`;

describe('printableValue', () => {
  it('escapes texts wherever they are', () => {
    const value = { text: HOSTILE, [HOSTILE]: [HOSTILE, { deep: HOSTILE }], at: new Date(0), n: 5 };
    const shown = { text: SHOWN, [SHOWN]: [SHOWN, { deep: SHOWN }], at: new Date(0), n: 5 };
    expect(printableValue(value)).toEqual(shown);
    expect(value.text).toBe(HOSTILE);
    expect(printableValue(new Map([[HOSTILE, new Set([HOSTILE])]]))).toEqual(
      new Map([[SHOWN, new Set([SHOWN])]]),
    );
  });

  it('escapes the texts of errors, their causes and fields, and keeps their class', () => {
    const error = Object.assign(new TypeError(HOSTILE, { cause: new Error(HOSTILE) }), { code: HOSTILE });
    const shown = printableValue(error) as TypeError & { readonly code: string };
    expect(shown).toBeInstanceOf(TypeError);
    expect([shown.message, (shown.cause as Error).message, shown.code]).toEqual([SHOWN, SHOWN, SHOWN]);
    expect(shown.stack).toMatch(/^TypeError: a\\u000d\\u000aFORGED\S*\n {4}at /);
    expect(Object.keys(shown)).toEqual(['code']);
  });

  it('keeps frames and lists as lines, and nothing else', () => {
    const stack = 'Error: x\n    at a.js:1:1\n    at b.js:2:2';
    const list = 'Wrong:\n  - one\n  - two';
    expect([printableValue(stack), printableValue(list)]).toEqual([stack, list]);
    expect(printableValue('a\n   at x\nat y\n- z')).toBe(String.raw`a\u000a   at x\u000aat y\u000a- z`);
  });

  it('gives back what has nothing to escape, as it is', () => {
    class Point {
      constructor(readonly x: number) {}
    }
    for (const value of [
      { a: ['b', { c: 1 }] },
      new Point(1),
      new Error('x'),
      5,
      null,
      undefined,
      Buffer.from('x'),
    ]) {
      expect(printableValue(value)).toBe(value);
    }
  });

  it('survives circles, getters that throw, and what never ends', () => {
    const circle: Record<string, unknown> = { text: HOSTILE };
    circle['self'] = circle;
    const shown = printableValue(circle) as typeof circle;
    expect([shown['text'], shown['self']]).toEqual([SHOWN, shown]);
    const throwing = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    expect(printableValue(throwing)).toBe('[left out]');
    let deep: unknown = HOSTILE;
    for (let n = 0; n < 100; n += 1) deep = [deep];
    expect(JSON.stringify(printableValue(deep))).toContain('[left out]');
  });
});

describe('printableLogger', () => {
  it('passes every argument of every method on, escaped', () => {
    const lines: unknown[] = [];
    const write = (...line: unknown[]): void => void lines.push(line);
    const logger = printableLogger({ log: write, error: write, warn: write });
    logger.log(HOSTILE, HOSTILE);
    logger.error({ text: HOSTILE }, 'stack', 'Context');
    logger.debug?.('nobody hears it');
    expect(lines).toEqual([
      [SHOWN, SHOWN],
      [{ text: SHOWN }, 'stack', 'Context'],
    ]);
  });
});
