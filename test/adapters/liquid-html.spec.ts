import fc from 'fast-check';
import { LiquidTemplateRenderer } from '../../src/message-queue/adapters/liquid/index.js';

const PARTIALS = { shown: '<i>{{ value }}</i>', item: '<li>{{ item | append: "<hr>" }}</li>' };

/** What a template makes of variables, as HTML and as text; `fails` when it cannot be filled with them. */
async function both(
  source: string,
  variables: Record<string, string | number | boolean>,
): Promise<{ readonly html: string; readonly text: string }> {
  const filled = async (part: 'html' | 'text'): Promise<string> => {
    const t = { text: '', [part]: source };
    const renderer = new LiquidTemplateRenderer({ templates: { t }, partials: PARTIALS });
    const rendering = renderer.render('t', variables);
    return rendering.then(
      (rendered) => rendered[part] ?? '',
      () => 'fails',
    );
  };
  return { html: await filled('html'), text: await filled('text') };
}

const htmlOf = async (source: string, name: string): Promise<string> => (await both(source, { name })).html;

/** What a reader sees of HTML that has no tags. */
function seen(html: string): string {
  const characters: Record<string, string> = {
    '&amp;': '&',
    '&lt;': '<',
    '&gt;': '>',
    '&#34;': '"',
    '&#39;': "'",
  };
  return html.replace(/&(?:amp|lt|gt|#34|#39);/g, (entity) => characters[entity] ?? entity);
}

/** Text as people write it, and as attackers do. */
const words = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      ...['&', '<', '>', '"', "'", ' ', 'a', 'b', '1', ';', '=', '\n'],
      'é',
      '消',
      '🙂',
      '&amp;',
      '<script>',
      '-->',
      '\uFDD1',
    ),
  }),
  fc.string({ unit: 'grapheme' }),
);

describe('HTML of LiquidTemplateRenderer', () => {
  it.each([
    ['no filter', '<p>{{ name }}</p>', '<p>T &amp; &lt;J&gt;</p>'],
    ['escape', '<p>{{ name | escape }}</p>', '<p>T &amp; &lt;J&gt;</p>'],
    ['xml_escape', '{{ name | xml_escape }}', 'T &amp; &lt;J&gt;'],
    ['escape in the middle', '{{ name | escape | upcase }}', 'T &amp; &lt;J&gt;'],
    ['escape twice', '{{ name | escape | escape }}', 'T &amp; &lt;J&gt;'],
    ['escape_once', '{{ name | escape_once }}', 'T &amp; &lt;J&gt;'],
    ['escape, then escape_once', '{{ name | escape | escape_once }}', 'T &amp; &lt;J&gt;'],
    ['a capture', '{% capture x %}<b>{{ name }}</b>{% endcapture %}{{ x }}', '<b>T &amp; &lt;J&gt;</b>'],
    [
      'a capture in a capture',
      '{% capture x %}<b>{{ name }}</b>{% endcapture %}{% capture y %}<p>{{ x }}</p>{% endcapture %}{{ y }}',
      '<p><b>T &amp; &lt;J&gt;</b></p>',
    ],
    [
      'a capture that is escaped',
      '{% capture x %}<b>{{ name }}</b>{% endcapture %}{{ x | escape }}',
      '&lt;b&gt;T &amp; &lt;J&gt;&lt;/b&gt;',
    ],
    ['append and prepend', '{{ name | append: "<br>" | prepend: "<hr>" }}', '<hr>T &amp; &lt;J&gt;<br>'],
    [
      'markup that is assigned',
      '{% assign s = "<b>" %}{{ s }}{{ name | append: "</b>" }}',
      '<b>T &amp; &lt;J&gt;</b>',
    ],
    ['a partial', '{% render shown, value: name %}', '<i>T &amp; &lt;J&gt;</i>'],
    [
      'a partial for each',
      '{% assign x = name | split: " " %}{% render item for x as item %}',
      '<li>T<hr></li><li>&amp;<hr></li><li>&lt;J&gt;<hr></li>',
    ],
    ['include', '{% assign value = name %}{% include shown %}', '<i>T &amp; &lt;J&gt;</i>'],
    ['echo', '{% echo name %}{% liquid echo name %}', 'T &amp; &lt;J&gt;T &amp; &lt;J&gt;'],
    ['cycle', '{% cycle name, "<b>" %}{% cycle name, "<b>" %}', 'T &amp; &lt;J&gt;<b>'],
    [
      'a loop',
      '{% for c in (1..2) %}<i>{{ name }}</i>{% endfor %}',
      '<i>T &amp; &lt;J&gt;</i><i>T &amp; &lt;J&gt;</i>',
    ],
    ['a condition in a tag', '<b{% if name contains "&" %} class="x"{% endif %}>', '<b class="x">'],
    ['raw', '{% raw %}<b>{{ x }}</b>{% endraw %}{{ name }}', '<b>{{ x }}</b>T &amp; &lt;J&gt;'],
    [
      'default',
      '{{ name | default: "<i>none</i>" }}{{ "" | default: "<i>none</i>" }}',
      'T &amp; &lt;J&gt;<i>none</i>',
    ],
    ['split and join', '{{ name | split: " " | join: "<br>" }}', 'T<br>&amp;<br>&lt;J&gt;'],
    ['split at what is escaped', '{{ name | split: "&" | join: "|" }}', 'T | &lt;J&gt;'],
    ['replace of what is escaped', '{{ name | replace: "<J>", "<b>J</b>" }}', 'T &amp; <b>J</b>'],
    [
      'replace_first and _last',
      '{{ name | replace_first: "<", "[" | replace_last: ">", "]" }}',
      'T &amp; [J]',
    ],
    ['remove', '{{ name | remove: "<" | remove_first: "&" | remove_last: ">" }}', 'T  J'],
    ['replace with a value', '{{ "<b>?</b>" | replace: "?", name }}', '<b>T &amp; &lt;J&gt;</b>'],
    ['strip_html', '{{ name | strip_html }}', 'T &amp; '],
    [
      'strip_html of markup with a value',
      '{% capture x %}<b>A &amp; B</b>{% endcapture %}{{ x | strip_html }}',
      'A &amp; B',
    ],
    ['strip of characters', '{{ name | strip: "<>" | rstrip: "J>" | lstrip: "T" }}', ' &amp; &lt;'],
    ['size', '{{ name | size }}', '7'],
    ['truncate', '{{ name | truncate: 5, "<i>…</i>" }}', '<i>…</i>'],
    ['slice', '{{ name | slice: 2, 3 }}', '&amp; &lt;'],
    ['url_encode', '<a href="?q={{ name | url_encode }}">', '<a href="?q=T+%26+%3CJ%3E">'],
    ['cgi_escape', '{{ name | cgi_escape }}', 'T+%26+%3CJ%3E'],
    ['url_encode and url_decode', '{{ name | url_encode | url_decode }}', 'T &amp; &lt;J&gt;'],
    ['base64', '{{ name | base64_encode }}', 'VCAmIDxKPg=='],
    ['base64 and back', '{{ name | base64_encode | base64_decode }}', 'T &amp; &lt;J&gt;'],
    ['json in an attribute', '<a data-x="{{ name | json }}">', '<a data-x="&#34;T &amp; &lt;J&gt;&#34;">'],
    ['sha256', '{{ name | sha256 | slice: 0, 8 }}', '6ae855ec'],
    ['==', '{% if name == "T & <J>" %}same{% endif %}', 'same'],
    ['!=', '{% unless name != "T & <J>" %}same{% endunless %}', 'same'],
    ['contains in a list', '{% assign x = name | split: " " %}{% if x contains "<J>" %}in{% endif %}', 'in'],
    ['case', '{% case name %}{% when "x", "T & <J>" %}same{% else %}other{% endcase %}', 'same'],
    ['a markup comparison', '{% capture x %}<b>{% endcapture %}{% if x == "<b>" %}same{% endif %}', 'same'],
    ['sort', `{% assign x = "O'B,Oa,O&" | split: "," | sort %}{{ x | join: "," }}`, `O&,O'B,Oa`],
    ['sort of a value', '{{ name | split: " " | sort | join: "," }}', '&amp;,&lt;J&gt;,T'],
    ['a date', '{{ "2026-11-30" | date: "<b>%Y</b>" }}', '<b>2026</b>'],
    ['a literal that is escaped', '{{ "1 < 2" | escape }}', '1 &lt; 2'],
  ])('%s', async (_, source, expected) => {
    expect(await htmlOf(source, 'T & <J>')).toBe(expected);
  });

  it('leaves entities alone in escape_once, and shows them in escape', async () => {
    expect(await htmlOf('{{ name | escape_once }}', '1 &lt; 2 & 3 &eacute; &#39; &no')).toBe(
      '1 &lt; 2 &amp; 3 &eacute; &#39; &amp;no',
    );
    expect(await htmlOf('{{ name | escape }}', '&lt;')).toBe('&amp;lt;');
  });

  it('escapes what is listed', async () => {
    const html =
      '<ul>{% for item in items %}<li>{{ item.text }}</li>{% endfor %}</ul>{{ items | map: "text" | join: "<br>" }}';
    const renderer = new LiquidTemplateRenderer({ templates: { t: { text: '', html } } });
    const rendered = await renderer.render('t', { items: [{ text: '<b>' }, { text: 'a & b' }] });
    expect(rendered.html).toBe('<ul><li>&lt;b&gt;</li><li>a &amp; b</li></ul>&lt;b&gt;<br>a &amp; b');
  });

  it('makes line breaks of those in a value', async () => {
    expect(await htmlOf('{{ name | newline_to_br }}', 'one\r\ntwo <b>')).toBe('one<br />\ntwo &lt;b&gt;');
    expect(await htmlOf('{{ name | escape | newline_to_br }}', 'a\nb & c')).toBe('a<br />\nb &amp; c');
    expect(await htmlOf('{{ name | replace: "\n", "<br>" }}', 'a\n<')).toBe('a<br>&lt;');
  });

  it.each([
    ['%3Cscript%3E', 'url_decode'],
    ['PHNjcmlwdD4=', 'base64_decode'],
    ['&lt;script&gt;', 'escape_once'],
    ['\uFDD1script\uFDD2', 'upcase'],
    ['<scr<script>ipt>', 'strip_html'],
    ['<scr<script>ipt>', 'remove: "<script>"'],
  ])('makes no markup of %j with %s', async (name, filter) => {
    expect(await htmlOf(`{{ name | ${filter} }}`, name)).not.toMatch(/</);
  });

  it.each([
    ['<a title="{{ name }}">', '<a title="$">'],
    [`<a title='{{ name }}'>`, `<a title='$'>`],
    ['<a title={{ name }}>x</a>', '<a title="$">x</a>'],
    ['<a href={{ name }}/x class=y>', '<a href="$/x" class=y>'],
    ['<a b="?c={{ name }}" title = {{name}}>', '<a b="?c=$" title ="$">'],
    ['<a title={% if name %}{{ name | append: " > " }}{% endif %}>', '<a title="$ > ">'],
    ['<p>a = {{ name }} <b>x = {{ name }}', '<p>a = $ <b>x = $'],
  ])('keeps a value inside of its attribute: %s', async (source, expected) => {
    const html = await htmlOf(source, `x onmouseover=alert(1) "'><script>`);
    expect(html).toBe(expected.replaceAll('$', 'x onmouseover=alert(1) &#34;&#39;&gt;&lt;script&gt;'));
  });

  it('shows whoever reads it what the text shows, whatever filters a value goes through', async () => {
    const filters = fc.array(
      fc.constantFrom(
        ...[
          'upcase',
          'downcase',
          'capitalize',
          'size',
          'strip',
          'squish',
          'json',
          'url_encode',
          'cgi_escape',
        ],
        ...[
          'base64_encode',
          'truncate: 7',
          'truncatewords: 2',
          'slice: 1, 4',
          'strip_newlines',
          'lstrip: "&<"',
        ],
        ...[
          'append: name',
          'prepend: name',
          'replace: "&", name',
          'replace: name, "x"',
          'remove: "<"',
          'rstrip: ">"',
        ],
        ...[
          'replace_first: "a", name',
          'replace_last: "<", "y"',
          'remove_last: name',
          'default: name',
          'inspect',
        ],
        ...[
          'split: "<" | join: name',
          'split: "" | reverse | join',
          'split: "&" | sort | join',
          'strip_html',
        ],
        ...[
          'split: " " | first',
          'split: "" | uniq | join',
          'normalize_whitespace',
          'split: name | last',
          'slugify',
        ],
        ...['split: "" | where_exp: "c", "c != name" | join', 'number_of_words', 'array_to_sentence_string'],
        ...['split: "" | sort_natural | join', 'split: "a" | concat: name | compact | join: "-"', 'sha256'],
      ),
      { maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(words, filters, async (written, chain) => {
        const name = written.replace(/[\uFDD0-\uFDD4]/g, '\uFFFD');
        const { html, text } = await both(['{{ name', ...chain].join(' | ').concat(' }}'), { name });
        expect(seen(html)).toBe(text);
        expect(html).not.toMatch(/[<>"']/);
      }),
      { numRuns: 150 },
    );
  });

  it('is as if each value had been escaped on its way in, whatever way it takes to the output', async () => {
    const part = fc.constantFrom(
      ...[
        '{{ name }}',
        '{{ other | append: "<br>" }}',
        '{% render shown, value: name %}',
        '<b class="x">',
        'a & b',
      ],
      ...[
        '{% capture x %}<u>{{ other }}</u>{% endcapture %}{{ x }}',
        '{% cycle name, "<hr>" %}',
        '{% echo other %}',
      ],
      ...['{% assign y = name | prepend: "<p>" %}{{ y }}', '{% for i in (1..2) %}{{ name }}<br>{% endfor %}'],
      ...[
        '{% if name %}{{ other | newline_to_br }}{% endif %}',
        '{{ name | append: other | append: "</i>" }}',
      ],
      ...['<a title="{{ name }}">{{ other }}</a>', '{% liquid\nassign z = other | append: name\necho z %}'],
      ...[
        '{% capture x %}{{ name }}{% endcapture %}{% capture w %}<s>{{ x }}</s>{% endcapture %}{{ w | append: w }}',
      ],
    );
    const entity = (text: string): string =>
      text.replace(
        /[&<>"']/g,
        (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' })[c] ?? c,
      );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), words, words, async (parts, one, two) => {
        const [name, other] = [one, two].map((text) => text.replace(/[\uFDD0-\uFDD4]/g, '\uFFFD')) as [
          string,
          string,
        ];
        const source = parts.join('');
        const { html } = await both(source, { name, other });
        const { text } = await both(source, { name: entity(name), other: entity(other) });
        expect(html).toBe(text);
      }),
      { numRuns: 100 },
    );
  });
});
