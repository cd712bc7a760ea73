import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LiquidTemplateRenderer } from '../../src/message-queue/adapters/liquid/index.js';
import { InvalidConfigurationError } from '../../src/kernel/errors.js';
import { UnrecoverableJobError } from '../../src/message-queue/jobs/errors.js';
import {
  MissingTemplateVariablesError,
  UnknownTemplateError,
} from '../../src/message-queue/ports/notifications/template-renderer.js';

/** A renderer of one template, "t". */
function one(text: string, rest: { title?: string; html?: string } = {}): LiquidTemplateRenderer {
  return new LiquidTemplateRenderer({ templates: { t: { text, ...rest } } });
}

async function textOf(
  source: string,
  variables: Record<string, string | number | boolean> = {},
): Promise<string> {
  return (await one(source).render('t', variables)).text;
}

describe('LiquidTemplateRenderer', () => {
  it('fills title, text and HTML; only HTML is escaped', async () => {
    const renderer = one('Hi {{ name }}, {{ count }} new', {
      title: 'For {{ name }}',
      html: '<p>{{ name }}</p>',
    });
    expect(await renderer.render('t', { name: `<b>"Ben" & 'co'</b>`, count: 2 })).toEqual({
      title: `For <b>"Ben" & 'co'</b>`,
      text: `Hi <b>"Ben" & 'co'</b>, 2 new`,
      html: '<p>&lt;b&gt;&#34;Ben&#34; &amp; &#39;co&#39;&lt;/b&gt;</p>',
    });
    expect(await one('only text').render('t', {})).toEqual({ title: null, text: 'only text', html: null });
  });

  it.each([
    ['{% if name %}{{ name }}{% endif %}'],
    ['{% echo name %}'],
    ['{% cycle name, "x" %}'],
    ['{% liquid echo name %}'],
    ['{% assign copy = name | append: "" %}{{ copy }}'],
    ['{% capture copy %}{{ name }}{% endcapture %}{{ copy }}'],
    ['{% for i in (1..2) %}{{ name | newline_to_br }}{% endfor %}'],
    ['{% render shown, value: name %}'],
    ['{{ name | split: "" | join: "" }}'],
    ['{{ name | json }}'],
  ])('escapes in HTML whatever way it is written: %s', async (html) => {
    const templates = { t: { text: '', html } };
    const renderer = new LiquidTemplateRenderer({ templates, partials: { shown: '{{ value }}' } });
    const rendered = await renderer.render('t', { name: '<script>' });
    expect(rendered.html).toMatch(/&(amp;)*lt;script/);
    expect(rendered.html).not.toContain('<script');
  });

  it.each([['{{ name | raw }}'], ['{{ name | upcase | raw }}'], ['{% echo name | raw %}']])(
    'refuses a filter that switches escaping off, at start: %s',
    (html) => {
      expect(() => one('', { html })).toThrow(/t\.html: undefined filter/);
    },
  );

  it('names the variables that are needed, those of partials and branches too', async () => {
    const renderer = new LiquidTemplateRenderer({
      templates: {
        t: {
          title: '{{ title }}',
          text: '{% assign x = count | plus: 1 %}{{ x }}{% if nick %}{{ nick }}{% endif %}{% render footer, by: sender %}',
          html: '{{ user.name | default: "you" }}',
        },
      },
      partials: { footer: 'by {{ by }}' },
    });
    expect(await renderer.variablesOf('t')).toEqual(['count', 'nick', 'sender', 'title', 'user.name']);
    const rendering = renderer.render('t', { title: 'T', count: 1, 'user.name': 'Ben' });
    await expect(rendering).rejects.toBeInstanceOf(MissingTemplateVariablesError);
    await expect(rendering).rejects.toThrow('Template "t" needs "nick", "sender"');
    const full = await renderer.render('t', {
      title: 'T',
      count: 1,
      nick: false,
      sender: 'Al',
      'user.name': '',
    });
    expect(full).toEqual({ title: 'T', text: '2by Al', html: 'you' });
  });

  it('does not take inherited properties for variables', async () => {
    await expect(textOf('{{ toString }}')).rejects.toThrow('needs "toString"');
    await expect(textOf('{{ constructor }}')).rejects.toThrow('needs "constructor"');
  });

  it.each([
    ['{{ name.constructor.name }}'],
    ['{{ name.__proto__ }}'],
    ['{{ __proto__.polluted }}'],
    ['{{ process.version }}'],
    ['{{ globalThis }}'],
  ])('reaches nothing but its variables: %s', async (source) => {
    await expect(textOf(source, { name: 'Ben' })).rejects.toBeInstanceOf(UnrecoverableJobError);
  });

  it('reaches no files, and no partial that is none', () => {
    const secret = '/etc/hostname';
    expect(() => one(`{% render ${secret} %}`)).toThrow(InvalidConfigurationError);
    expect(() => one(`{% include ../../package.json %}`)).toThrow(InvalidConfigurationError);
    expect(() => one(`{% render constructor %}`)).toThrow(InvalidConfigurationError);
  });

  it('ends a template that would never end, without its values', async () => {
    const endless =
      '{% for i in (1..100000000) %}{% for j in (1..100000000) %}{{ name }}{% endfor %}{% endfor %}';
    const rendering = textOf(endless, { name: 'MARKER' });
    await expect(rendering).rejects.toBeInstanceOf(UnrecoverableJobError);
    await expect(rendering).rejects.toMatchObject({
      code: 'TEMPLATE_LIMIT',
      message: 'Template "t" (text) takes too long: check its loops.',
    });
  });

  it('bounds how much a template puts out', async () => {
    const long = { line: 'x'.repeat(2_000) };
    const repeated = (times: number): string => `{% for i in (1..${times}) %}{{ line }}{% endfor %}`;
    expect(await textOf(repeated(4_000), long)).toHaveLength(8_000_000);
    await expect(textOf(repeated(6_000), long)).rejects.toThrow('could not be filled (RangeError)');
  });

  it('takes text in a variable for text, not for a template', async () => {
    expect(await textOf('{{ name }}', { name: '{{ 7 | times: 7 }}{% render x %}' })).toBe(
      '{{ 7 | times: 7 }}{% render x %}',
    );
  });

  it('says which templates there are', async () => {
    const rendering = one('x').render('welcom', {});
    await expect(rendering).rejects.toBeInstanceOf(UnknownTemplateError);
    await expect(rendering).rejects.toThrow('There is no template "welcom". Known templates: t.');
    await expect(one('x').variablesOf('__proto__')).rejects.toBeInstanceOf(UnknownTemplateError);
  });

  describe('from a folder', () => {
    let directory = '';
    const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'liquid-'));
    });
    afterEach(() => rmSync(directory, { recursive: true }));

    it('puts files together by name; the map wins', async () => {
      write('welcome.title.liquid', 'Welcome {{ name }}\n');
      write('welcome.text.liquid', 'Hi {{ name }}{% render footer %}');
      write('welcome.html.liquid', '<p>{{ name }}</p>');
      write('bye.text.liquid', 'from the folder');
      write('_footer.liquid', ' -- the team');
      write('notes.txt', 'not a template');
      const renderer = new LiquidTemplateRenderer({
        directory,
        templates: { bye: { text: 'from the map' } },
      });
      expect(await renderer.render('welcome', { name: 'B&B' })).toEqual({
        ...{ title: 'Welcome B&B', text: 'Hi B&B -- the team', html: '<p>B&amp;B</p>' },
      });
      expect((await renderer.render('bye', {})).text).toBe('from the map');
    });

    it('lists everything that is wrong at once', () => {
      write('a.text.liquid', '{{ name');
      write('b.html.liquid', '<p></p>');
      write('c.text.liquid', '{{ x | nofilter }}');
      write('d.liquid', 'x');
      const create = (): unknown => new LiquidTemplateRenderer({ directory });
      expect(create).toThrow(InvalidConfigurationError);
      expect(create).toThrow(
        /d\.liquid: [\s\S]*b: has no text part[\s\S]*a\.text: [\s\S]*c\.text: undefined filter/,
      );
      const missing = (): unknown => new LiquidTemplateRenderer({ directory: join(directory, 'none') });
      expect(missing).toThrow(/directory: cannot be read/);
    });
  });
});
