import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Source files that may stand side by side; more is a sign of two questions. */
const MOST_FILES = 14;
const MOST_LINES = 250;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const files = filesBelow('src').filter((file) => file.endsWith('.ts'));
const sources = files.filter((file) => !file.endsWith('.spec.ts'));

/** The rooms in the table of the map. */
function roomsOnTheMap(): string[] {
  const map = readFileSync('docs/architecture.md', 'utf8');
  const [, table = ''] = map.split('<!-- rooms -->');
  return [...table.matchAll(/^\| `([^`]+)` +\| ./gm)].map(([, room]) => String(room));
}

/** A folder per library or per queue: their homes stand on the map. */
const IN_THEIR_HOME = /\/(adapters\/(?!shared)|queues\/)/;

/** What the map must name: the reference app, the demo, and every folder of the kernel and both modules. */
function roomsOfTheTree(): string[] {
  const folders = new Set(files.map((file) => dirname(file)));
  for (const folder of [...folders]) {
    for (let above = dirname(folder); above.startsWith('src/'); above = dirname(above)) folders.add(above);
  }
  const named = [...folders].filter((folder) => /^src\/(kernel|message-queue|buffered-events)/.test(folder));
  return ['src/chat', 'src/demo', ...named.filter((folder) => !IN_THEIR_HOME.test(folder))];
}

describe('the rooms of src', () => {
  it('are all on the map, and the map names no other', () => {
    expect(roomsOnTheMap().sort()).toEqual(roomsOfTheTree().sort());
  });

  it(`hold at most ${MOST_FILES} source files side by side`, () => {
    const counts = new Map<string, number>();
    for (const file of sources) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    const full = [...counts].filter(([, count]) => count > MOST_FILES);
    expect(full).toEqual([]);
  });

  it(`hold no file of more than ${MOST_LINES} lines`, () => {
    const linesOf = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1;
    expect(files.filter((file) => linesOf(file) > MOST_LINES)).toEqual([]);
  });

  it('have no drawers', () => {
    const names = files.map((file) => file.split('/'));
    expect(names.flat().filter((name) => /^(utils?|common|helpers?|misc)$/.test(name))).toEqual([]);
  });
});
