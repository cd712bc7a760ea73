import { boundedText } from './bounded-text.js';

describe('boundedText', () => {
  it('leaves a text that fits alone and cuts a longer one to exactly the length', () => {
    expect(boundedText('abc', 3)).toBe('abc');
    expect(boundedText('abcd', 3)).toBe('ab…');
    expect(boundedText('x'.repeat(2_000))).toHaveLength(2_000);
    expect(boundedText('x'.repeat(2_001))).toBe(`${'x'.repeat(1_999)}…`);
  });
});
