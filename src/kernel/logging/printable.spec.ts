import { printable } from './printable.js';

describe('printable', () => {
  it.each([
    ['plain text, "quoted", grün 😀', 'plain text, "quoted", grün 😀'],
    ['a\r\nERROR forged', 'a\\u000d\\u000aERROR forged'],
    ['\u001b[31mred\u0007\u0000\u007f\u009b', '\\u001b[31mred\\u0007\\u0000\\u007f\\u009b'],
    ['a\u2028b\u202ec\u2066\u061c\ufeff', 'a\\u2028b\\u202ec\\u2066\\u061c\\ufeff'],
    ['half \ud83d', 'half \\ud83d'],
  ])('shows what would act, and leaves the rest: %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('cuts what is long', () => {
    expect(printable('x'.repeat(501))).toBe(`${'x'.repeat(499)}…`);
    expect(printable('x'.repeat(500))).toHaveLength(500);
    expect(printable('abcdef', 3)).toBe('ab…');
  });
});
