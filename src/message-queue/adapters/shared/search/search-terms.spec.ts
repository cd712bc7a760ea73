import { conversationTerm, documentTerms, queryTerms } from './search-terms.js';

function termsOf(text: string): string[] {
  return documentTerms(text, 'c1').split(' ').slice(0, -1);
}

function asked(text: string): string {
  return queryTerms(text)
    .map(({ term, isPrefix }) => (isPrefix ? `${term}*` : term))
    .join(' ');
}

describe('the terms of a document', () => {
  it.each([
    ['Hello, hello WORLD!', ['hello', 'world']],
    ["don't e-mail a_b@c.example", ['don', 't', 'e', 'mail', 'a', 'b', 'c', 'example']],
    ['Straße CAFÉ Ａｂｃ ﬁn', ['strasse', 'cafe', 'abc', 'fin']],
    ['Привет, йод', ['привет', 'иод']],
    ['हिन्दी भाषा', ['हिन्दी', 'भाषा']],
    ['東京都', ['東京', '京都', '都']],
    ['v2は東', ['v2', 'は東', '東']],
    ['한국어', ['한국', '국어', '어']],
    ['😀 !? …', []],
  ])('of %j are %j', (text, terms) => {
    expect(termsOf(text)).toEqual(terms);
  });

  it('are bounded in length and number', () => {
    const [long] = termsOf('x'.repeat(9_000));
    expect(long).toHaveLength(64);
    const many = termsOf(Array.from({ length: 30_000 }, (_, index) => `w${index}`).join(' '));
    expect(many).toHaveLength(20_000);
  });

  it("hold the conversation's, which no text can hold", () => {
    const term = conversationTerm('c1');
    expect(documentTerms('', 'c1')).toBe(term);
    expect(termsOf(term).includes(term)).toBe(false);
    expect(queryTerms(term).some((asking) => asking.term === term)).toBe(false);
    expect(conversationTerm('c2')).not.toBe(term);
  });
});

describe('the terms of a query', () => {
  it.each([
    ['Coffee Morn', 'coffee morn*'],
    ['"coffee" OR *', 'coffee or*'],
    ['東', '東*'],
    ['東京都', '東京 京都'],
    ['train 東京', 'train 東京'],
    ['東京 train', '東京 train*'],
    ['* " \' \\ %', ''],
  ])('of %j are %j', (text, terms) => {
    expect(asked(text)).toBe(terms);
  });

  it('are 32 at most', () => {
    expect(queryTerms('word '.repeat(1_000))).toHaveLength(32);
    const startedAt = performance.now();
    expect(queryTerms('한글'.repeat(10_000_000))).toHaveLength(32);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('hold nothing that ends a quotation', () => {
    for (const { term } of queryTerms(
      String.fromCharCode(...Array.from({ length: 0x3000 }, (_, unit) => unit)),
    )) {
      expect(term).toMatch(/^[\p{L}\p{N}\p{M}]+$/u);
    }
  });
});
