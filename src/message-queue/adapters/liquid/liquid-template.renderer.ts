import { Injectable } from '@nestjs/common';
import type { Liquid, Template } from 'liquidjs';
import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import type { Issues } from '../../../kernel/values/issues.js';
import {
  MissingTemplateVariablesError,
  TemplateLimitError,
  TemplateRenderer,
  UnknownTemplateError,
} from '../../ports/notifications/template-renderer.js';
import type { RenderedTemplate, TemplateVariables } from '../../ports/notifications/template-renderer.js';
import { createLiquidEngine, MEMORY_LIMIT } from './liquid-engine.js';
import { escapedMarks, markedValue } from './marked-text.js';
import { quotedAttributes } from './quoted-attributes.js';
import { readTemplateFiles } from './liquid-template-files.js';
import type { LiquidTemplateOptions, LiquidTemplateSource } from './liquid-template-files.js';

const PARTS = ['title', 'text', 'html'] as const;
const KNOWN_NAMES_SHOWN = 20;

type Part = (typeof PARTS)[number];

interface Compiled {
  readonly parts: Partial<Record<Part, readonly Template[]>>;
  readonly variables: readonly string[];
}

/**
 * Templates in Liquid (package `liquidjs`), sandboxed; variables in HTML are always escaped.
 *
 * ```ts
 * adapters: [{ provide: TemplateRenderer, useFactory: () => new LiquidTemplateRenderer({ directory: 'templates' }) }]
 * ```
 *
 * Every variable that a template or its partials mention has to be given, also behind `if` and before `default`: an empty text or
 * `false` stands for "none". `{{ user.name }}` is the variable `user.name`.
 */
@Injectable()
export class LiquidTemplateRenderer extends TemplateRenderer {
  private readonly engines: Readonly<Record<Part, Liquid>>;
  private readonly compiled = new Map<string, Compiled>();

  /** Reads and parses all templates. @throws InvalidConfigurationError listing every template that is wrong, MissingPackageError */
  constructor(options: LiquidTemplateOptions) {
    super();
    const { templates, partials, issues } = readTemplateFiles(options);
    const plain = createLiquidEngine(partials, 'text');
    this.engines = { title: plain, text: plain, html: createLiquidEngine(partials, 'html') };
    for (const [name, source] of templates) this.compiled.set(name, this.compile(name, source, issues));
    issues.throwIfAny(InvalidConfigurationError, 'The Liquid templates are wrong:');
  }

  override async variablesOf(template: string): Promise<readonly string[]> {
    return this.find(template).variables;
  }

  override async render(
    template: string,
    variables: TemplateVariables,
    signal?: AbortSignal,
  ): Promise<RenderedTemplate> {
    signal?.throwIfAborted();
    const compiled = this.find(template);
    const missing = compiled.variables.filter((name) => !Object.hasOwn(variables, name));
    if (missing.length > 0) {
      const names = missing.map((name) => `"${name}"`).join(', ');
      throw new MissingTemplateVariablesError(
        `Template "${template}" needs ${names}: give them as variables.`,
      );
    }
    const scope = nested(variables);
    const [title, text, html] = PARTS.map((part) =>
      part === 'html'
        ? this.renderPart(template, part, compiled, markedValue(scope) as object, escapedMarks)
        : this.renderPart(template, part, compiled, scope),
    );
    return { title: title ?? null, text: text ?? '', html: html ?? null };
  }

  private find(template: string): Compiled {
    const compiled = this.compiled.get(template);
    if (compiled !== undefined) return compiled;
    const known = [...this.compiled.keys()].slice(0, KNOWN_NAMES_SHOWN).join(', ') || 'none';
    throw new UnknownTemplateError(`There is no template "${template}". Known templates: ${known}.`);
  }

  private compile(name: string, source: LiquidTemplateSource, issues: Issues): Compiled {
    const parts: Partial<Record<Part, readonly Template[]>> = {};
    const variables = new Set<string>();
    for (const part of PARTS) {
      const text = source[part];
      if (text === undefined) continue;
      try {
        const parsed = this.engines[part].parse(part === 'html' ? quotedAttributes(text) : text);
        for (const variable of this.engines[part].globalFullVariablesSync(parsed)) variables.add(variable);
        parts[part] = parsed;
      } catch (error) {
        const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'cannot be parsed';
        issues.add(`${name}.${part}`, message);
      }
    }
    return { parts, variables: [...variables].sort() };
  }

  private renderPart(
    template: string,
    part: Part,
    compiled: Compiled,
    scope: object,
    finish: (rendered: string) => string = (rendered) => rendered,
  ): string | undefined {
    const parsed = compiled.parts[part];
    if (parsed === undefined) return undefined;
    try {
      const outcome = finish(String(this.engines[part].renderSync([...parsed], scope)));
      // Liquid counts what filters and captures make, not what it puts out.
      if (outcome.length > MEMORY_LIMIT) throw new RangeError();
      return outcome;
    } catch (error) {
      if (isEndless(error)) {
        throw new TemplateLimitError(`Template "${template}" (${part}) takes too long: check its loops.`);
      }
      // Liquid's own message may quote a value.
      const kind = error instanceof Error ? error.name : 'an unknown error';
      throw new UnrecoverableJobError(
        `Template "${template}" (${part}) could not be filled (${kind}): check its filters and loops.`,
      );
    }
  }
}

/** Liquid has no class for it, and puts the error of a limit into another one; the rest of its message may quote a value. */
function isEndless(error: unknown): boolean {
  return error instanceof Error && /(?:template render|memory alloc) limit exceeded/.test(error.message);
}

/** `{ 'user.name': 'Ben' }` as `{ user: { name: 'Ben' } }`: payloads are flat, templates are not. */
function nested(variables: TemplateVariables): object {
  const scope = Object.create(null) as Record<string, unknown>;
  for (const [path, value] of Object.entries(variables)) {
    const steps = path.split('.');
    const last = steps.pop() ?? path;
    let level = scope;
    for (const step of steps) {
      const inner = level[step];
      level = (
        typeof inner === 'object' && inner !== null ? inner : (level[step] = Object.create(null))
      ) as typeof scope;
    }
    // A group of variables is not overwritten by a single one of the same name.
    if (typeof level[last] !== 'object') level[last] = value;
  }
  return scope;
}
