import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Issues } from '../../../kernel/values/issues.js';

/** One template's parts, in Liquid. */
export interface LiquidTemplateSource {
  /** Title or subject. */
  readonly title?: string;
  /** Plain text; variables are not escaped. */
  readonly text: string;
  /** Variables are escaped, always. */
  readonly html?: string;
}

/** Where templates come from; `templates` wins over a file of the same name. Read once, at start. */
export interface LiquidTemplateOptions {
  /** By name. */
  readonly templates?: Readonly<Record<string, LiquidTemplateSource>>;
  /** Parts that templates share: `{% render footer %}`. */
  readonly partials?: Readonly<Record<string, string>>;
  /** A folder of `<name>.text.liquid`, `<name>.title.liquid`, `<name>.html.liquid`, and `_<name>.liquid` for partials. */
  readonly directory?: string;
}

/** Everything that was found. */
export interface TemplateFiles {
  readonly templates: ReadonlyMap<string, LiquidTemplateSource>;
  readonly partials: Readonly<Record<string, string>>;
  readonly issues: Issues;
}

const FILE = /^(?:_(?<partial>[^.]+)|(?<name>.+)\.(?<part>title|text|html))\.liquid$/;

/** Collects map and folder; what is wrong is listed, not thrown. */
export function readTemplateFiles(options: LiquidTemplateOptions): TemplateFiles {
  const issues = new Issues();
  const found = new Map<string, Partial<Record<keyof LiquidTemplateSource, string>>>();
  const partials: Record<string, string> = {};
  if (options.directory !== undefined) readDirectory(options.directory, found, partials, issues);
  for (const [name, source] of Object.entries(options.templates ?? {})) found.set(name, source);
  Object.assign(partials, options.partials);
  const templates = new Map<string, LiquidTemplateSource>();
  for (const [name, { title, text, html }] of found) {
    if (text === undefined) issues.add(name, 'has no text part');
    else templates.set(name, { title, text, html });
  }
  return { templates, partials, issues };
}

function readDirectory(
  directory: string,
  found: Map<string, Partial<Record<string, string>>>,
  partials: Record<string, string>,
  issues: Issues,
): void {
  let names: string[];
  try {
    names = readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [entry.name] : [],
    );
  } catch (error) {
    issues.add('directory', `cannot be read: ${error instanceof Error ? error.message : 'unknown'}`);
    return;
  }
  for (const file of names.filter((name) => name.endsWith('.liquid')).sort()) {
    const { partial, name, part } = FILE.exec(file)?.groups ?? {};
    const source = readFileSync(join(directory, file), 'utf8');
    if (partial !== undefined) partials[partial] = source;
    else if (name !== undefined && part !== undefined) {
      // An editor ends a file with a line break; a title has none.
      found.set(name, { ...found.get(name), [part]: part === 'title' ? source.trim() : source });
    } else issues.add(file, 'is named neither <name>.<title|text|html>.liquid nor _<partial>.liquid');
  }
}
