import assert from 'node:assert/strict';
import type { SearchIndex } from '../../../ports/search-index.js';
import type { ContractTest } from '../contract-runner.js';
import { never } from '../contract-values.js';
import { aDocument, found } from './search-documents.js';

/** What was written, what somebody types, and whether that finds it. */
type Finding = readonly [what: string, text: string, query: string];

const FOUND: readonly Finding[] = [
  ['capital letters of a dotless i', 'IŞIK', 'ışık'],
  ['letters with a stroke', 'Łódź og smørrebrød', 'lodz smorrebrod'],
  ['a letter of two', 'Ærø og Straße', 'aero STRASSE'],
  ['a beginning that ends with a final sigma', 'ΔΡΟΜΟΣΗΜΑ', 'δρόμος'],
  ['capitals of Cherokee and Georgian', 'ꮳꮃꭹ თბილისი', 'ᏣᎳᎩ ᲗᲑᲘᲚᲘᲡᲘ'],
  ['Korean in single letters', '한국어 공부', '한국어'.normalize('NFD')],
  ['Japanese in half width', 'ガス料金', 'ｶﾞｽ'],
  ['marks of their own', 'がっこう'.normalize('NFD'), 'がっこう'],
  ['Vietnamese without marks', 'Tiếng Việt ở Đà Nẵng', 'tieng viet o da nang'],
  ['soft hyphens and joiners', 'Donau\u00ADdampf\u200Dschiff', 'donaudampfschiff'],
  ['Arabic without harakat', 'مُحَمَّد يـقـرأ', 'محمد يقرا'],
  ['Hebrew without niqqud', 'שָׁלוֹם צה״ל', 'שלום צהל'],
  ['digits of another script', 'कमरा १२३', 'कमरा 123'],
  ['mathematical letters', '𝓗𝓮𝓵𝓵𝓸 🚀 world', 'hello'],
  ['an apostrophe left out', 'ask O’Brien', 'obrien'],
  ['another apostrophe', 'we don´t', "don't"],
  ['a part of an elision', "l'homme", 'homme'],
  ['a hyphen left out, and put in', 'wi-fi and email', 'wifi e-mail'],
  ['a part of a number', '2026-01-15', '01-15'],
  ['a word beside an emoji', 'deploy🚀done ❤️', 'done'],
];

const NOT_FOUND: readonly Finding[] = [
  ['another vowel of Hindi', 'किताब', 'कताब'],
  ['another vowel of Thai', 'กิน', 'กน'],
  ['no dakuten', 'がっこう', 'かっこう'],
  ['only a part of a joined word', 'mail', 'e-mail'],
];

/** That a SearchIndex finds what people wrote, in their scripts, and marks it where it stands. */
export function declareScripts(test: ContractTest<SearchIndex>): void {
  for (const [what, text, query] of FOUND) {
    test(`finds ${what}`, async (index) => {
      await index.indexMany([aDocument('m1', text), aDocument('m2', 'something else')], never());
      assert.deepEqual(await found(index, query), ['m1']);
      const [hit] = (await index.search(query)).items;
      assert.equal(hit?.highlights.map((part) => part.text).join(''), text);
      assert.ok(hit.highlights.some((part) => part.isMatch));
    });
  }
  for (const [what, text, query] of NOT_FOUND) {
    test(`does not find ${what}`, async (index) => {
      await index.indexMany([aDocument('m1', text)], never());
      assert.deepEqual(await found(index, query), []);
      assert.deepEqual(await found(index, text), ['m1']);
    });
  }

  test('marks what was found, whatever its length when it is folded', async (index) => {
    const name = 'Łódź'.normalize('NFD');
    await index.indexMany([aDocument('m1', `ﬁnal ½ Straße, ${name}: O’Brien`)], never());
    const marked = async (query: string): Promise<string[]> => {
      const [hit] = (await index.search(query)).items;
      return hit?.highlights.flatMap(({ text, isMatch }) => (isMatch ? [text] : [])) ?? [];
    };
    assert.deepEqual(await marked('strasse lodz obrien'), ['Straße', name, 'O’Brien']);
    assert.deepEqual(await marked('final'), ['ﬁnal']);
  });
}
