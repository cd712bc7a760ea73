/**
 * A template in which every attribute with a value of Liquid's has quotes: `title={{ name }}` becomes `title="{{ name }}"`. Escaping keeps a
 * value inside of quotes; without them a space would end it, and what follows would be an attribute.
 */
export function quotedAttributes(template: string): string {
  let quoted = '';
  let isInTag = false;
  for (let at = 0; at < template.length;) {
    const char = template[at] ?? '';
    let end = liquidEnd(template, at) ?? at + 1;
    if (end > at + 1) quoted += template.slice(at, end);
    else if (isInTag && char === '=') {
      end = valueEnd(template, at + 1);
      quoted += `=${inQuotes(template.slice(at + 1, end))}`;
    } else if (isInTag && (char === '"' || char === "'")) {
      end = quoteEnd(template, at);
      quoted += template.slice(at, end);
    } else {
      isInTag = isInTag ? char !== '>' : char === '<' && /[a-z]/i.test(template[end] ?? '');
      quoted += char;
    }
    at = end;
  }
  return quoted;
}

/** Where an output or a tag of Liquid ends that begins here; undefined when none does. */
function liquidEnd(template: string, at: number): number | undefined {
  const opening = template.slice(at, at + 2);
  if (opening !== '{{' && opening !== '{%') return undefined;
  const end = template.indexOf(opening === '{{' ? '}}' : '%}', at + 2);
  return end === -1 ? template.length : end + 2;
}

function quoteEnd(template: string, begin: number): number {
  let at = begin + 1;
  while (at < template.length && template[at] !== template[begin]) at = liquidEnd(template, at) ?? at + 1;
  return Math.min(at + 1, template.length);
}

/** Where an attribute's value without quotes ends; where it begins when it has quotes. */
function valueEnd(template: string, begin: number): number {
  let at = begin;
  while (/\s/.test(template[at] ?? '')) at += 1;
  if (template[at] === '"' || template[at] === "'") return at;
  while (at < template.length && !/[\s>]/.test(template[at] ?? '')) at = liquidEnd(template, at) ?? at + 1;
  return at;
}

function inQuotes(value: string): string {
  const written = value.trimStart();
  const own = written.replace(/\{\{[^]*?\}\}|\{%[^]*?%\}/g, '');
  return own === written || /["']/.test(own) ? value : `"${written}"`;
}
