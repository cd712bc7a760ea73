/** Equal to Bull: Redis' glob patterns (`*`, `?`, `[a-z]`, `[^x]`, `\` to escape) as a test for job ids. */
export function keyGlob(pattern: string): (id: string) => boolean {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] as string;
    if (character === '*') source += '[^]*';
    else if (character === '?') source += '[^]';
    else if (character === '\\' && i + 1 < pattern.length) source += literal(pattern[(i += 1)] as string);
    else if (character === '[') {
      const end = pattern.indexOf(']', i + 1);
      if (end < 0) source += literal(character);
      else {
        source += characterClass(pattern.slice(i + 1, end));
        i = end;
      }
    } else source += literal(character);
  }
  const expression = new RegExp(`^${source}$`);
  return (id) => expression.test(id);
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
}

function characterClass(body: string): string {
  const negated = body.startsWith('^');
  const members = (negated ? body.slice(1) : body).replace(/[\\\]^]/g, '\\$&');
  if (members === '') return negated ? '[^]' : '(?!)';
  return `[${negated ? '^' : ''}${members}]`;
}
