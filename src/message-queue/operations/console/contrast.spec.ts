import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const css = readFileSync(join(__dirname, 'assets/styles/theme.css'), 'utf8');
const [, lightBlock = '', darkBlock = ''] = css.split(':root {');

/** The colours of a block of the style sheet, `#fff` as `#ffffff`. */
function colorsOf(block: string): Map<string, string> {
  const found = block.split('}')[0]?.matchAll(/--([\w]+): #([0-9a-f]{3,6});/g) ?? [];
  return new Map(
    [...found].map(([, name = '', hex = '']) => [name, hex.length === 3 ? hex.replace(/./g, '$&$&') : hex]),
  );
}

/** WCAG 2: relative luminance. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((start) => {
    const part = parseInt(hex.slice(start, start + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

/** Which text stands on which ground. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  text: ['bg', 'panel', 'hover', 'badbg', 'warnbg', 'line2', 'track'],
  soft: ['bg', 'panel', 'hover', 'badbg', 'warnbg', 'line2'],
  faint: ['bg', 'panel', 'hover'],
  accent: ['bg', 'panel', 'hover', 'badbg', 'warnbg'],
  ok: ['panel', 'hover'],
  warn: ['panel', 'hover', 'warnbg', 'bg'],
  bad: ['panel', 'hover', 'badbg', 'bg'],
  // Buttons in the accent's colour, and in that of danger.
  panel: ['accent', 'bad'],
};
/** What is no text: lines of charts, bars, edges of fields, the focus. */
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  c1: ['panel', 'hover'],
  c2: ['panel'],
  c3: ['panel'],
  c4: ['panel', 'hover'],
  edge: ['panel'],
  focus: ['bg', 'panel', 'badbg', 'warnbg'],
};

describe.each([
  ['light', colorsOf(lightBlock)],
  ['dark', colorsOf(darkBlock)],
])('The colours of the console, %s', (_, colors) => {
  const pairs = (table: typeof TEXTS): [string, string][] =>
    Object.entries(table).flatMap(([front, grounds]) =>
      grounds.map((ground): [string, string] => [front, ground]),
    );
  const ratio = (front: string, ground: string): number => contrast(colors.get(front)!, colors.get(ground)!);

  it.each(pairs(TEXTS))('%s on %s can be read', (front, ground) => {
    expect(ratio(front, ground)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(pairs(SHAPES))('%s on %s can be seen', (front, ground) => {
    expect(ratio(front, ground)).toBeGreaterThanOrEqual(3);
  });
});
