import { FOLDING_MARK } from './folding-mark.js';
import { conversationTerm, documentTerms, queryTerms, recipientTerm } from './search-terms.js';

function termsOf(text: string): string[] {
  return documentTerms(text, 'c1', []).slice(0, -2);
}

function asked(text: string): string {
  return queryTerms(text)
    .map(({ term, isPrefix, orAll }) => {
      const parts = orAll?.map((part) => (part.isPrefix ? `${part.term}*` : part.term)) ?? [];
      return `${term}${isPrefix ? '*' : ''}${parts.map((part) => `|${part}`).join('')}`;
    })
    .join(' ');
}

describe('the terms of a document', () => {
  it.each([
    ['Hello, hello WORLD!', ['hello', 'world']],
    ["don't e-mail a_b@c.example", ['dont', 'don', 't', 'email', 'e', 'mail', 'a', 'b', 'c', 'example']],
    ["l'homme 'quoted' rock 'n' roll--", ['lhomme', 'l', 'homme', 'quoted', 'rock', 'n', 'roll']],
    ['צה"ל "בית"', ['צהל', 'צה', 'ל', 'בית']],
    ['می\u200Cخواهم', ['ميخواهم', 'مي', 'خواهم']],
    ['deploy🚀done ❤️️ x', ['deploy', 'done', 'x']],
    ['㌔ ⽇本', ['キロ', 'ロ', '日本', '本']],
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
    const many = termsOf(Array.from({ length: 60_000 }, (_, index) => `w${index}`).join(' '));
    expect(many).toHaveLength(50_000);
    const swelling = termsOf(Array.from({ length: 30_000 }, (_, index) => `ﷺ${index}`).join(' '));
    expect(Buffer.byteLength(swelling.join(''))).toBeLessThan(1_000_000);
  });

  it("hold the conversation's, which no text can hold", () => {
    const term = conversationTerm('c1');
    const marks = [term, recipientTerm('ben'), FOLDING_MARK];
    expect(documentTerms('', 'c1', [recipientTerm('ben')])).toEqual(marks);
    for (const mark of marks) {
      expect(termsOf(mark).includes(mark)).toBe(false);
      expect(queryTerms(mark).some((asking) => asking.term === mark)).toBe(false);
      expect(mark).not.toContain(' ');
    }
    expect(conversationTerm('c2')).not.toBe(term);
  });
});

describe('the terms of a query', () => {
  it.each([
    ['Coffee Morn', 'coffee morn*'],
    ['"coffee" OR *', 'coffee or*'],
    ["O'Brien e-mail", 'obrien|o|brien email*|e|mail*'],
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
