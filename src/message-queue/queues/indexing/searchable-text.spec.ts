import { ContentFormat } from './content-format.js';
import { MAX_INDEXED_LENGTH, searchableText } from './searchable-text.js';

describe('searchableText of HTML', () => {
  it.each([
    ['plain text', 'Meet me at 5', 'Meet me at 5'],
    ['tags', '<p>Hello <b>world</b></p>', 'Hello world'],
    ['tags between words', 'one<br>two', 'one two'],
    ['attributes', '<a href="https://example.org/?q=1">link</a>', 'link'],
    ['comments', 'a<!-- secret > -->b', 'a b'],
    ['scripts and styles with their content', 'a<script>alert("<b>")</script>b<STYLE>p{}</style>c', 'a b c'],
    ['a tag that only begins like script', '<scripted>kept</scripted>', 'kept'],
    ['comparisons', '1 < 2 and 3 > 2', '1 < 2 and 3 > 2'],
    ['hearts', 'I <3 you', 'I <3 you'],
    ['an open tag at the end', 'see <a href="x', 'see <a href="x'],
    ['an unclosed script', 'a<script>alert(1)', 'a'],
    ['entities', 'Tom &amp; Jerry &lt;3 &#39;x&#39;&nbsp;y', "Tom & Jerry <3 'x' y"],
    ['an escaped tag stays text', '&lt;b&gt;', '<b>'],
    ['white space and control characters', ' a\n\t\u0007b  ', 'a b'],
    [
      'other entities',
      'caf&#233; &#xe9;t&#XE9; &shy;&unknown; &#1114112; &#0;x',
      'café été \u00AD&unknown; &#1114112; x',
    ],
    [
      'letters by their names',
      'Gr&uuml;ner B&Auml;R &AMP; caf&eacute; &laquo;&oelig;uvre&raquo; &frac12; &yuml;&ndash;&hellip;',
      'Grüner BÄR & café «œuvre» ½ ÿ–…',
    ],
    ['decomposed forms', 'Ame\u0301lie', 'Ame\u0301lie'],
    ['nothing but markup', '<img src=x onerror=alert(1)>', ''],
    ['other scripts', '<i>你好</i> مرحبا 👩‍👩‍👧', '你好 مرحبا 👩‍👩‍👧'],
  ])('%s', (_, content, expected) => {
    expect(searchableText(content, ContentFormat.HTML)).toBe(expected);
  });

  it.each([
    ['<', 400_000],
    ['<a', 200_000],
    ['<!--', 100_000],
    ['<script>', 50_000],
    ['<b>', 132_000],
    ['&amp', 100_000],
  ])('takes time in proportion to the length: %s', (piece, times) => {
    const started = performance.now();
    searchableText(piece.repeat(times), ContentFormat.HTML);
    // Quadratic work on 400 000 characters takes a minute.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('searchableText', () => {
  it.each([
    'Write to Ben <ben.huber@example.org>',
    'use Map<string, Invoice> for it',
    'put a <script> tag there, then deploy the payment module',
    'if a <b and c> limit &amp; &lt;so on&gt; <!-- all of it',
    'Ame\u0301lie',
  ])('leaves plain text as it was written: %s', (content) => {
    expect(searchableText(content, ContentFormat.PLAIN)).toBe(content);
  });

  it('makes one space of white space and control characters', () => {
    expect(searchableText(' a\n\t\u0007b \u2028c ', ContentFormat.PLAIN)).toBe('a b c');
  });

  it.each(Object.values(ContentFormat))(
    'caps the length and never cuts a character in half: %s',
    (format) => {
      expect(searchableText('x'.repeat(MAX_INDEXED_LENGTH + 1), format)).toHaveLength(MAX_INDEXED_LENGTH);
      const text = searchableText(`x${'👍'.repeat(MAX_INDEXED_LENGTH)}`, format);
      expect(text).toHaveLength(MAX_INDEXED_LENGTH - 1);
      expect(text.endsWith('👍')).toBe(true);
    },
  );
});
