import { Inject, Injectable, Optional } from '@nestjs/common';
import {
  MissingTemplateVariablesError,
  TemplateRenderer,
  UnknownTemplateError,
} from '../../../ports/notifications/template-renderer.js';
import type { RenderedTemplate, TemplateVariables } from '../../../ports/notifications/template-renderer.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';

/**
 * A template's source: `{{ name }}` stands for a variable, `{{#items}}- {{ title }}{{/items}}` for what is between them once per item of a list, and
 * everything else for itself.
 */
export interface TemplateSource {
  readonly title?: string;
  readonly text: string;
  readonly html?: string;
}

/** A list with what stands for each of its items, or one variable. */
const PLACEHOLDER = /\{\{#([A-Za-z0-9_.-]{1,64})\}\}(.*?)\{\{\/\1\}\}|\{\{ ?([A-Za-z0-9_.-]{1,64}) ?\}\}/gs;
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Fills placeholders of templates kept in memory; variables in HTML are escaped. */
@Injectable()
export class InMemoryTemplateRenderer extends TemplateRenderer {
  private readonly templates: BoundedMap<TemplateSource>;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.templates = new BoundedMap(limits, ({ text, html = '' }) => text.length + html.length);
  }

  /** Adds or replaces a template. @throws InMemoryStoreFullError */
  setTemplate(name: string, source: TemplateSource): void {
    this.templates.setOrRefuse(name, source, 'TemplateRenderer');
  }

  override variablesOf(template: string, signal?: AbortSignal): Promise<readonly string[]> {
    return answer(signal, () => this.namesIn(this.source(template)));
  }

  override render(
    template: string,
    variables: TemplateVariables,
    signal?: AbortSignal,
  ): Promise<RenderedTemplate> {
    return answer(signal, () => {
      const source = this.source(template);
      const missing = this.namesIn(source).filter((name) => !Object.hasOwn(variables, name));
      if (missing.length > 0) {
        throw new MissingTemplateVariablesError(
          `Template "${template}" needs ${missing.map((name) => `"${name}"`).join(', ')}: give them as variables.`,
        );
      }
      const fill = (text: string, escape: Escape): string => filled(text, variables, escape);
      const asIs: Escape = (value) => value;
      return {
        title: source.title === undefined ? null : fill(source.title, asIs),
        text: fill(source.text, asIs),
        html: source.html === undefined ? null : fill(source.html, escapeHtml),
      };
    });
  }

  private source(template: string): TemplateSource {
    const source = this.templates.get(template);
    if (source === undefined) {
      const known = this.templates.keys().join(', ') || 'none';
      throw new UnknownTemplateError(`There is no template "${template}". Known templates: ${known}.`);
    }
    return source;
  }

  private namesIn({ title = '', text, html = '' }: TemplateSource): string[] {
    const names = [...`${title}\n${text}\n${html}`.matchAll(PLACEHOLDER)].map(
      ([, list, , variable]) => list ?? variable ?? '',
    );
    return [...new Set(names)];
  }
}

type Escape = (value: string) => string;

/** In one pass: what a value says is no placeholder. */
function filled(source: string, variables: TemplateVariables, escape: Escape): string {
  return source.replace(
    PLACEHOLDER,
    (_, list: string | undefined, inner: string | undefined, name: string | undefined) => {
      const value = variables[list ?? name ?? ''];
      // A list has no text of its own, and a text has no items.
      if (typeof value !== 'object') return list === undefined ? escape(String(value ?? '')) : '';
      return list === undefined ? '' : value.map((item) => filled(inner ?? '', item, escape)).join('');
    },
  );
}

function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
