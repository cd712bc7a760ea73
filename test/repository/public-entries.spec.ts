import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const LIBRARY = join(ROOT, 'src');
const ENTRIES = {
  '.': 'message-queue/index.ts',
  './queues': 'message-queue/queues/index.ts',
  './ports': 'message-queue/ports/index.ts',
  './operations': 'message-queue/operations/index.ts',
  './testing': 'message-queue/testing/index.ts',
  './buffered-events': 'buffered-events/index.ts',
  './buffered-events/bridge': 'buffered-events/bridge/index.ts',
  './buffered-events/testing': 'buffered-events/testing/index.ts',
};

/** What a newcomer can still read through. */
const MOST_NAMES = 100;
/** How jobs are kept is decided inside until 1.0. */
const BROKER_SEAM = [
  'Broker',
  'ManagedQueues',
  'RegisteredQueues',
  'getBrokerToken',
  'AddRequest',
  'TakenJob',
];

function namesOf(file: string): string[] {
  const text = readFileSync(join(LIBRARY, file), 'utf8');
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );
}

describe('the entries of the package', () => {
  const entries = Object.entries(ENTRIES);
  const names = entries.flatMap(([, file]) => namesOf(file));

  it(`exports at most ${MOST_NAMES} names from the main one`, () => {
    const main = namesOf('message-queue/index.ts');
    expect(main.length).toBeGreaterThan(0);
    expect(main.length).toBeLessThanOrEqual(MOST_NAMES);
  });

  it('exports every name from one entry', () => {
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('keeps the broker inside', () => {
    expect(names.filter((name) => BROKER_SEAM.includes(name))).toEqual([]);
  });

  it('names the same entries to Node.js, to old resolvers, to the compiler and to Jest', () => {
    const { exports, typesVersions } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      exports: Record<string, unknown>;
      typesVersions: { '*': Record<string, string[]> };
    };
    const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')) as {
      compilerOptions: { paths: Record<string, string[]> };
    };
    const { moduleNameMapper } = jest.requireActual<{ moduleNameMapper: Record<string, string> }>(
      join(ROOT, 'jest.config.js'),
    );
    for (const [entry, file] of entries) {
      const built = `./dist/${file.replace(/\.ts$/, '')}`;
      const name = `nestjs-message-queue${entry.slice(1)}`;
      expect(exports[entry]).toEqual({ types: `${built}.d.ts`, default: `${built}.js` });
      if (entry !== '.') expect(typesVersions['*'][entry.slice(2)]).toEqual([`${built}.d.ts`]);
      expect(compilerOptions.paths[name]).toEqual([`./src/${file}`]);
      expect(Object.keys(moduleNameMapper).some((pattern) => new RegExp(pattern).test(name))).toBe(true);
    }
  });
});
