import { leavesOf, MOST_CONTENT } from './content-leaves.js';
import { LONGEST_SCRUBBED, scrub } from './scrubber.js';

const NONE: ReadonlySet<string> = new Set();

function scrubbed(message: string, ...payloads: unknown[]): string | undefined {
  const content = leavesOf(payloads, NONE);
  if (content === null) throw new Error('The payload is too large.');
  return scrub([message], content)?.[0];
}

describe('scrub', () => {
  const secret = 'Straße des "Geheimnisses"\nund Ärger & Zorn';
  const html = secret.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('ß', '&szlig;');

  it.each([
    ['as it is', secret],
    ['in part', secret.slice(12, 29)],
    ['in capitals', secret.toUpperCase()],
    ['in JSON', JSON.stringify(secret).slice(1, -1)],
    ['in JSON in JSON', JSON.stringify(JSON.stringify(secret)).slice(4, -4)],
    ['in a URL', encodeURIComponent(secret)],
    ['in a URL in a URL', encodeURIComponent(encodeURIComponent(secret))],
    ['as a form', new URLSearchParams({ q: secret }).toString().slice(2)],
    ['in HTML', html.replaceAll('Ä', '&Auml;')],
    ['in HTML by numbers', secret.replace(/[^a-z ]/gi, (letter) => `&#${letter.charCodeAt(0)};`)],
    [
      'in escapes of JavaScript',
      secret.replace(/[^ ]/g, (l) => `\\u${l.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ],
    ['in escapes of one byte', secret.replace(/[^\0-\x7f]/g, (l) => `\\x${l.charCodeAt(0).toString(16)}`)],
    ['decomposed', secret.normalize('NFD')],
    ['in full width', secret.replace(/[a-z]/gi, (l) => String.fromCharCode(l.charCodeAt(0) + 0xfee0))],
    ['with other punctuation', secret.replace(/[^\p{L}]/gu, '_')],
  ])('masks content that is quoted %s', (_how, quoted) => {
    expect(scrubbed(`Provider: ${quoted} !`, { a: [{ content: secret }] })).toBe('Provider: [content] !');
  });

  it.each<[string, unknown, string, string]>([
    ['a short word', 'hola', 'said "Hola", not holas', 'said "[content]", not holas'],
    ['short words', 'hi you', 'said hi you twice', 'said [content] twice'],
    ['a number', 471_100, 'code 471100, not 4711001', 'code [content], not 4711001'],
    ['a number in a text', 'the pin is 4711', 'wrong: 4711', 'wrong: [content]'],
    ['Cyrillic', 'Встретимся завтра', 'отказ: ВСТРЕТИМСЯ', 'отказ: [content]'],
    ['Greek', 'Οδυσσέας Ελύτης', 'error: ΟΔΥΣΣΕΑΣ', 'error: [content]'],
    ['Chinese', '明天在老地方见面', '错误：老地方见', '错误：[content]'],
    ['two characters of Chinese', '你好', '错误你好吗', '错误[content]吗'],
    ['Japanese', '秘密のメッセージ', 'エラー: メッセージ', 'エラー: [content]'],
    ['Korean', '비밀스러운 편지', '오류: 비밀스러운', '오류: [content]'],
    ['Thai', 'ข้อความลับสุดยอด', 'ผิด: ข้อความลับสุดยอด', 'ผิด: [content]'],
  ])('masks %s', (_what, content, message, expected) => {
    expect(scrubbed(message, { content })).toBe(expected);
  });

  it('leaves what the content does not say, and numbers of three digits', () => {
    const message = 'The provider answered 503 after 250 ms: try again.';
    expect(scrubbed(message, { content: 'See you at the station tomorrow', retries: 250, code: 503 })).toBe(
      message,
    );
  });

  it('masks where an escape could be read two ways', () => {
    const content = { a: 'nationality and feedback' };
    expect(scrubbed('C:\\nationality %feedback', content)).toBe('C:\\[content]');
  });

  it('gives each text back', () => {
    const content = leavesOf([{ a: 'confidential' }], NONE);
    expect(scrub(['Error', 'Confidential!', ''], content!)).toEqual(['Error', '[content]!', '']);
  });

  it('refuses texts that are too long to look through', () => {
    const content = leavesOf([{}], NONE)!;
    expect(scrub(['x'.repeat(LONGEST_SCRUBBED)], content)).not.toBeNull();
    expect(scrub(['x'.repeat(LONGEST_SCRUBBED + 1)], content)).toBeNull();
  });

  it('marks each place once when one letter is repeated for 256 Ki against 4 500 of it', () => {
    const fill = jest.spyOn(Uint8Array.prototype, 'fill');
    try {
      const letters = 'a'.repeat(LONGEST_SCRUBBED);
      expect(scrubbed(letters, { a: 'a'.repeat(MOST_CONTENT) })).toBe('[content]');
      expect(fill.mock.calls.length).toBeLessThanOrEqual(LONGEST_SCRUBBED);
    } finally {
      fill.mockRestore();
    }
  });
});
