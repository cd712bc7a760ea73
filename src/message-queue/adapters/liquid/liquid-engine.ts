import type * as LiquidModule from 'liquidjs';
import type { Liquid } from 'liquidjs';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';

const RENDER_LIMIT_MS = 1_000;
/** What a template may make, objects or characters, and how long its outcome may be, characters. */
export const MEMORY_LIMIT = 10_000_000;
const PARSE_LIMIT = 1_000_000;

/**
 * A sandbox: no files, no prototypes, no global variables, unknown variables and filters are errors, and rendering is bounded in
 * time (1 s) and in what it makes (10 million objects or characters).
 * @param escapes `html`: every output is escaped, and no filter can switch that off
 * @throws MissingPackageError
 */
export function createLiquidEngine(
  partials: Readonly<Record<string, string>>,
  escapes: 'html' | 'nothing',
): Liquid {
  const { Liquid } = loadOptionalPackage<typeof LiquidModule>('liquidjs', 'Liquid templates');
  const engine = new Liquid({
    // Without a prototype: `{% render constructor %}` names no partial.
    templates: Object.assign(Object.create(null) as typeof partials, partials),
    dynamicPartials: false,
    ownPropertyOnly: true,
    strictVariables: true,
    strictFilters: true,
    globals: {},
    parseLimit: PARSE_LIMIT,
    renderLimit: RENDER_LIMIT_MS,
    memoryLimit: MEMORY_LIMIT,
    ...(escapes === 'html' && { outputEscape: 'escape' as const }),
  });
  if (escapes === 'html') {
    // Whatever they give out is not escaped: `raw`.
    for (const [name, filter] of Object.entries(engine.filters)) {
      if (typeof filter !== 'function' && filter.raw) Reflect.deleteProperty(engine.filters, name);
    }
  }
  return engine;
}
