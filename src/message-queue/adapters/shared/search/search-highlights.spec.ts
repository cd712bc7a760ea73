import { highlight } from './search-highlights.js';
import { queryTerms } from './search-terms.js';

/** Marks matches with brackets. */
function shown(content: string, query: string): string {
  return highlight(content, queryTerms(query))
    .map(({ text, isMatch }) => (isMatch ? `[${text}]` : text))
    .join('');
}

describe('highlights', () => {
  it.each([
    ['Züge, Zug und Zügel', 'zug', '[Züge], [Zug] und [Zügel]'],
    ['Zügel am Zug', 'zug am', 'Zügel [am] [Zug]'],
    ['<b>train</b> & "train"', 'train', '<b>[train]</b> & "[train]"'],
    ['東京都に行く', '京都', '東[京都]に行く'],
    ['東京都に行く', '東', '[東]京都に行く'],
    ['😀 train 😀', 'train', '😀 [train] 😀'],
    ['nothing here', 'else', 'nothing here'],
    ["O'Brien and l'homme", 'obrien homme', "[O'Brien] and l'[homme]"],
    ['an e-mail', 'email', 'an [e-mail]'],
    ['Donau\u00ADdampf\u00ADschiff!', 'donaudampfschiff', '[Donau\u00ADdampf\u00ADschiff]!'],
    ['cafe\u0301 ﬁn ½ Straße', 'fin strasse', 'cafe\u0301 [ﬁn] ½ [Straße]'],
    [
      `가 ${'한국어'.normalize('NFD')} 나`,
      '국어',
      `가 ${'한'.normalize('NFD')}[${'국어'.normalize('NFD')}] 나`,
    ],
    ['ｶﾞｽ料金', 'ガス', '[ｶﾞｽ]料金'],
    ['㌔メートル', 'キロ', '[㌔]メートル'],
  ])('of %j for %j are %j', (content, query, expected) => {
    expect(shown(content, query)).toBe(expected);
  });

  it('are an excerpt around the first match, cut between words', () => {
    const content = `${'before '.repeat(100)}needle ${'after '.repeat(100)}`;
    const excerpt = shown(content, 'needle');
    expect(excerpt).toMatch(/^…(before )+\[needle\]( after)+…$/);
    expect(excerpt.length).toBeLessThan(210);
  });

  it('never cut a character in two', () => {
    for (let lead = 55; lead < 70; lead += 1) {
      const content = `${'😀'.repeat(lead)}x needle${'😀'.repeat(200)}`;
      expect(shown(content, 'needle')).not.toMatch(/\p{Cs}/u);
    }
  });

  it('never cut a mark from its letter', () => {
    for (let lead = 55; lead < 70; lead += 1) {
      const content = `${'.\u0301'.repeat(lead)}x needle${'.\u0301'.repeat(200)}`;
      expect(shown(content, 'needle')).not.toMatch(/^…?\u0301/);
    }
  });

  it('read a long text only as far as the excerpt goes', () => {
    const content = `needle ${'word '.repeat(1_000_000)}needle`;
    const startedAt = performance.now();
    for (let round = 0; round < 200; round += 1) shown(content, 'needle');
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
