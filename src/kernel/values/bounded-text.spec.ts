import { boundedJson, boundedText, jsonBytes } from './bounded-text.js';

describe('boundedText', () => {
  it('leaves a text that fits alone and cuts a longer one to exactly the length', () => {
    expect(boundedText('abc', 3)).toBe('abc');
    expect(boundedText('abcd', 3)).toBe('ab…');
    expect(boundedText('x'.repeat(2_000))).toHaveLength(2_000);
    expect(boundedText('x'.repeat(2_001))).toBe(`${'x'.repeat(1_999)}…`);
  });
});

describe('boundedJson', () => {
  const TEXTS = [
    'abc',
    'x'.repeat(500),
    'é'.repeat(500),
    '😀'.repeat(300),
    '\u0000\n"\\'.repeat(200),
    '\ud83d'.repeat(99),
  ];

  it.each(TEXTS)('keeps as much as fits, and no half character (%#)', (text) => {
    for (const bytes of [0, 1, 2, 3, 4, 5, 7, 50, 120, 5_000]) {
      const kept = boundedJson(text, bytes);
      expect(jsonBytes(kept)).toBeLessThanOrEqual(bytes);
      if (jsonBytes(text) <= bytes) expect(kept).toBe(text);
      else expect(kept).toMatch(bytes < 3 ? /^$/ : /…$/);
      if (bytes > 20 && jsonBytes(text) > bytes) expect(jsonBytes(kept)).toBeGreaterThan(bytes * 0.6);
      if (!/\p{Cs}/u.test(text)) expect(kept).not.toMatch(/\p{Cs}/u);
    }
  });
});
