import { shortenedText } from './shortened-text.js';

const bytes = (text: string): number => Buffer.byteLength(text);
const units = (text: string): number => text.length;

describe('shortenedText', () => {
  it.each(['', 'short', '12345678', '消息'])('leaves %j, which is small enough, as it is', (text) => {
    expect(shortenedText(text, bytes, 8)).toBe(text);
  });

  it('cuts to exactly what the limit counts', () => {
    expect(shortenedText('abcdefgh', units, 7)).toBe('abcdef…');
    expect(shortenedText('abcdefgh', bytes, 7)).toBe('abcd…');
    expect(shortenedText('消息消息', bytes, 9)).toBe('消息…');
    expect(shortenedText('消息消息', bytes, 8)).toBe('消…');
  });

  it.each([
    ['a surrogate pair', '😀'],
    ['a family', '👩‍👩‍👧‍👦'],
    ['a flag', '🇩🇪'],
    ['a skin tone', '👍🏽'],
    ['a letter with its marks', 'a\u0301\u0323'],
    ['a Devanagari cluster', 'क्षि'],
    ['a Hangul syllable of jamos', '각'],
  ])('never cuts within %s', (_, character) => {
    const text = character.repeat(20);
    for (let limit = 3; limit < bytes(text); limit += 1) {
      const short = shortenedText(text, bytes, limit) ?? '';
      expect(bytes(short)).toBeLessThanOrEqual(limit);
      expect(character.repeat(20).startsWith(short.slice(0, -1))).toBe(true);
      expect((short.length - 1) % character.length).toBe(0);
      // No longer beginning would have been small enough.
      expect(bytes(short) + bytes(character)).toBeGreaterThan(limit);
    }
  });

  it('leaves no space before the ellipsis', () => {
    expect(shortenedText('one two three', units, 9)).toBe('one two…');
  });

  it('says when nothing is small enough', () => {
    expect(shortenedText('abc', bytes, 2)).toBeNull();
    expect(shortenedText('abc', bytes, 0)).toBeNull();
  });

  it('measures what a limit counts, whatever that is', () => {
    const escaped = (text: string): number => JSON.stringify(text).length;
    expect(shortenedText('"""""""', escaped, 7)).toBe('""…');
  });

  it('is quick with the longest text that a notification may have', () => {
    let asked = 0;
    const counted = (text: string): number => {
      asked += 1;
      return bytes(text);
    };
    expect(shortenedText('x'.repeat(4_000), counted, 1_003)).toBe(`${'x'.repeat(1_000)}…`);
    expect(asked).toBeLessThan(20);
  });
});
