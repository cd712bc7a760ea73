import assert from 'node:assert/strict';
import type { TemplateRenderer } from '../../../ports/notifications/template-renderer.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';

/** A renderer and one of its templates. */
export interface TemplateRendererSubject {
  readonly renderer: TemplateRenderer;
  /** Name of a template whose title, text and HTML each hold the variable `name` and no other. */
  readonly template: string;
  /** Name of a template whose text and HTML each hold the `title` of each of `items`, and no other variable. */
  readonly list: string;
}

/** The contract of every TemplateRenderer. */
export function templateRendererContract(
  create: CreateSubject<TemplateRendererSubject>,
  runner?: ContractRunner,
): void {
  declareContract('TemplateRenderer', create, runner, (test) => {
    test('names the variables that a template needs', async ({ renderer, template }) => {
      assert.deepEqual(await renderer.variablesOf(template), ['name']);
    });

    test('fills in, and escapes in HTML only', async ({ renderer, template }) => {
      const { title, text, html } = await renderer.render(template, { name: '<b>Ben</b> {{ name }}' });
      assert.ok(title?.includes('<b>Ben</b> {{ name }}'));
      assert.ok(text.includes('<b>Ben</b> {{ name }}'));
      assert.ok(html?.includes('&lt;b&gt;Ben&lt;/b&gt;'));
    });

    test('escapes each character once, quotes too', async ({ renderer, template }) => {
      const { text, html } = await renderer.render(template, { name: `|&|&amp;|<|>|"|'|` });
      assert.ok(text.includes(`|&|&amp;|<|>|"|'|`));
      assert.match(
        html ?? '',
        /\|&amp;\|&amp;amp;\|&lt;\|&gt;\|&(#0*34|#x0*22|quot);\|&(#0*39|#x0*27|apos);\|/,
      );
    });

    test('names what is missing; what is inherited is missing too', async ({ renderer, template }) => {
      const variables = Object.create({ name: 'inherited' }) as Record<string, string>;
      const rendering = renderer.render(template, variables);
      await assert.rejects(rendering, { code: 'MISSING_TEMPLATE_VARIABLES', message: /"name"/ });
    });

    test('lists the items of a list, each escaped in HTML only', async ({ renderer, list }) => {
      assert.deepEqual(await renderer.variablesOf(list), ['items']);
      const items = [{ title: '<i>one</i>' }, { title: '{{ items }}' }];
      const { text, html } = await renderer.render(list, { items });
      assert.match(text, /<i>one<\/i>[^]*\{\{ items \}\}/);
      assert.match(html ?? '', /&lt;i&gt;one&lt;\/i&gt;[^]*\{\{ items \}\}/);
      const none = await renderer.render(list, { items: [] });
      assert.ok(!none.text.includes('one'));
    });

    test('knows no stranger', async ({ renderer }) => {
      for (const name of ['no-such-template', '__proto__']) {
        await assert.rejects(renderer.variablesOf(name), { code: 'UNKNOWN_TEMPLATE' });
        await assert.rejects(renderer.render(name, {}), { code: 'UNKNOWN_TEMPLATE' });
      }
    });
  });
}
