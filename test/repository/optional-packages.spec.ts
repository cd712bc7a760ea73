import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const ADAPTERS = join('src', 'message-queue', 'adapters');
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;

/** Packages that adapters load when they are used, from the calls that do it. */
function loadedPackages(): string[] {
  const sources = readdirSync(ADAPTERS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.includes('/') && file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => readFileSync(join(ADAPTERS, file), 'utf8'));
  const names = sources.flatMap((source) =>
    [...source.matchAll(/loadOptionalPackage(?:<[^;]*?>)?\(\s*'((?:@[^/']+\/)?[^/']+)[/']/g)].map(
      ([, name]) => name ?? '',
    ),
  );
  return [...new Set(names)].sort();
}

it('finds the packages that adapters load', () => {
  expect(loadedPackages()).toEqual(expect.arrayContaining(['kysely', 'libsql', 'pg']));
});

it.each(loadedPackages())('%s is an optional peer, and tested here', (name) => {
  expect(manifest.peerDependencies).toHaveProperty([name]);
  expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true });
  expect(manifest.devDependencies).toHaveProperty([name]);
});
