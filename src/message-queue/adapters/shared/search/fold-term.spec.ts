import { foldTerm } from './fold-term.js';
import { LETTER_VARIANTS } from './letter-variants.js';

describe('folding', () => {
  it.each([
    ['case, also where lower case is not enough', 'straße STRASSE STRAẞE ſtrasse', 'strasse'],
    ['dotless and dotted i', 'ışık IŞIK İşik işık', 'isik'],
    ['final sigma', 'δρόμος ΔΡΟΜΟΣ δρομοσ', 'δρομοσ'],
    ['iota below', 'ᾳ ΑΙ ᾼ α', null],
    ['Cherokee', 'ꮳꮃꭹ ᏣᎳᎩ', 'ꮳꮃꭹ'],
    ['Georgian', 'ᲗᲑᲘᲚᲘᲡᲘ თბილისი', 'თბილისი'],
    ['Armenian ligature', 'և եւ ԵՒ', 'եւ'],
    ['Deseret', '𐐔 𐐼', '𐐼'],
    ['strokes', 'Łódź lodz', 'lodz'],
    ['more strokes', 'ĦŦĐØ ħŧđø htdo', 'htdo'],
    ['letters of two', 'Æsir aesir', 'aesir'],
    ['thorn, eth, eng', 'ÞÐŊ þðŋ thdn', 'thdn'],
    ['accents, composed and not', 'Tiếng tie\u0302\u0301ng TIENG', 'tieng'],
    ['Vietnamese d', 'Đường duong', 'duong'],
    ['width and ligatures', 'Ａﬁ１ afi1', 'afi1'],
    ['mathematical letters', '𝓗𝓮𝓵𝓵𝓸 hello', 'hello'],
    ['soft hyphens and joiners', 'a\u00ADb\u200Bc\u200Dd\u2060e\uFEFF\u200E abcde', 'abcde'],
    ['niqqud', 'שָׁלוֹם שלום', 'שלום'],
    ['harakat and tatweel', 'مُحَمَّد محمد مـحـمـد', 'محمد'],
    ['forms of alef and yeh', 'أحمد احمد إحمد ٱحمد', 'احمد'],
    ['forms of presentation', 'ﻻ لا', 'لا'],
    ['keyboards of Persian', 'کتاب كتاب', 'كتاب'],
    ['digits', '١٢٣ १२३ ১২৩ １２３ 𝟙𝟚𝟛 123', '123'],
    ['decomposed Korean', '한국 ' + '한국'.normalize('NFD'), '한국'],
    ['dakuten of any width', 'ガ カ\u3099 ｶﾞ カ゛', 'ガ'],
    ['nukta, composed or not', 'क\u093C \u0958', 'क\u093C'],
    ['vowels of Bengali in two pieces', 'ক\u09CB ক\u09C7\u09BE', 'ক\u09CB'],
    ['apostrophes that are letters', 'Hawaiʻi Hawaii', 'hawaii'],
    ['ligature with an apostrophe', 'ŉ n', 'n'],
  ])('%s', (_, words, expected) => {
    const folded = words.split(' ').map(foldTerm);
    if (expected !== null) expect(new Set(folded)).toEqual(new Set([expected]));
    else expect(new Set(folded).size).toBeLessThan(folded.length);
  });

  it.each([
    ['vowel signs', 'की का'],
    ['viramas', 'क्या कया'],
    ['vowels of Thai', 'กิน กิน่ กน'],
    ['tone marks of Thai', 'เสือ เสื้อ เสื่อ'],
    ['vowels of Khmer', 'កា កិ'],
    ['dakuten', 'がっこう かっこう'],
    ['vowels of Thaana', 'ދިވެހި ދވހ'],
    ['strokes of other letters', 'o e'],
  ])('keeps apart what %s keep apart', (_, words) => {
    const folded = words.split(' ').map(foldTerm);
    expect(new Set(folded).size).toBe(folded.length);
  });

  it('agrees with the order of Unicode about letters that are others with a stroke', () => {
    const { compare } = new Intl.Collator('und', { sensitivity: 'base' });
    const wrong: string[] = [];
    for (let code = 0x80; code < 0x250; code += 1) {
      const letter = String.fromCharCode(code);
      if (!/\p{sc=Latin}/u.test(letter)) continue;
      for (const plain of 'abcdefghijklmnopqrstuvwxyz') {
        if (compare(letter, plain) === 0 && foldTerm(letter) !== plain)
          wrong.push(`${letter} ${foldTerm(letter)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('folds what it folded to itself', () => {
    const wrong: string[] = [];
    for (let code = 0x80; code < 0x20000; code += 1) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const once = foldTerm(String.fromCodePoint(code));
      if (foldTerm(once) !== once) wrong.push(code.toString(16));
    }
    expect(wrong).toEqual([]);
    for (const [letter, plain] of LETTER_VARIANTS) expect(foldTerm(letter)).toBe(plain);
  });

  it.each([
    ['marks in the wrong order', 'a' + '\u0301\u0316'.repeat(50_000)],
    ['marks', '\u0301'.repeat(100_000)],
    ['what swells', '\uFDFA'.repeat(100_000)],
    ['unseen ones', 'a\u00AD'.repeat(50_000)],
    ['first letters of syllables', '\u1100'.repeat(100_000)],
  ])('takes time in proportion to the length: %s', (_, text) => {
    const startedAt = performance.now();
    for (let round = 0; round < 5; round += 1) expect(foldTerm(text).length).toBeLessThanOrEqual(64);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
