import type * as LiquidModule from 'liquidjs';
import type { Liquid } from 'liquidjs';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import { compareInCase, htmlOperators } from './html-comparisons.js';
import { htmlFilters } from './html-filters.js';
import { quotedAttributes } from './quoted-attributes.js';

/** It is rendered twice, when it is added and when it is sent. */
const RENDER_LIMIT_MS = 500;
/** What a template may make, objects or characters, and how long its outcome may be, characters. */
export const MEMORY_LIMIT = 10_000_000;
const PARSE_LIMIT = 1_000_000;

/**
 * A sandbox: no files, no prototypes, no global variables, unknown variables and filters are errors, and rendering is bounded in
 * time (half a second) and in what it makes (10 million objects or characters).
 * @param makes `html`: its values are to be marked, and so is what it renders where it is not the template's own markup
 * @throws MissingPackageError
 */
export function createLiquidEngine(
  partials: Readonly<Record<string, string>>,
  makes: 'html' | 'text',
): Liquid {
  const { Liquid, defaultOperators } = loadOptionalPackage<typeof LiquidModule>(
    'liquidjs',
    'Liquid templates',
  );
  const engine = new Liquid({
    templates: partialsOf(partials, makes),
    dynamicPartials: false,
    ownPropertyOnly: true,
    strictVariables: true,
    strictFilters: true,
    globals: {},
    parseLimit: PARSE_LIMIT,
    renderLimit: RENDER_LIMIT_MS,
    memoryLimit: MEMORY_LIMIT,
    ...(makes === 'html' && { operators: htmlOperators(defaultOperators) }),
  });
  if (makes === 'html') {
    Object.assign(engine, { filters: htmlFilters(engine.filters) });
    compareInCase(engine);
  }
  return engine;
}

function partialsOf(
  partials: Readonly<Record<string, string>>,
  makes: 'html' | 'text',
): Record<string, string> {
  // Without a prototype: `{% render constructor %}` names no partial.
  const own = Object.create(null) as Record<string, string>;
  for (const [name, source] of Object.entries(partials)) {
    own[name] = makes === 'html' && typeof source === 'string' ? quotedAttributes(source) : source;
  }
  return own;
}
