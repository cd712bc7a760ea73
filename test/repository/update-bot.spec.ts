import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Updates {
  readonly 'package-ecosystem': string;
  readonly directory: string;
  readonly schedule: { readonly interval: string };
  readonly groups?: Readonly<Record<string, { readonly patterns: readonly string[] }>>;
  readonly ignore?: readonly { readonly 'dependency-name': string }[];
}

/** What each kind of update reads. */
const FILES: Readonly<Record<string, string>> = {
  npm: 'package-lock.json',
  docker: 'Dockerfile',
  'docker-compose': 'docker-compose.yml',
  'github-actions': '.github/workflows',
};

const { version, updates } = parse(readFileSync('.github/dependabot.yml', 'utf8')) as {
  readonly version: number;
  readonly updates: readonly Updates[];
};
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};
const packages = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });

const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

describe('The configuration of the update bot', () => {
  const npm = updates.find((update) => update['package-ecosystem'] === 'npm');
  const groups = Object.values(npm?.groups ?? {});

  it('looks once a week at everything here that has versions, and at nothing else', () => {
    expect(version).toBe(2);
    const there = Object.keys(FILES).filter((kind) => existsSync(FILES[kind] ?? ''));
    expect(updates.map((update) => update['package-ecosystem']).sort()).toEqual(there.sort());
    for (const { directory, schedule } of updates) {
      expect([directory, schedule.interval]).toEqual(['/', 'weekly']);
    }
  });

  it('names only packages that are used', () => {
    const patterns = [
      ...groups.flatMap((group) => group.patterns),
      ...(npm?.ignore ?? []).map((rule) => rule['dependency-name']),
    ];
    expect(patterns.length).toBeGreaterThan(10);
    expect(patterns.filter((pattern) => !packages.some((name) => matches(pattern, name)))).toEqual([]);
  });

  it('has no package in two groups', () => {
    const places = (name: string): number =>
      groups.filter((group) => group.patterns.some((pattern) => matches(pattern, name))).length;
    expect(packages.filter((name) => places(name) > 1)).toEqual([]);
  });
});
