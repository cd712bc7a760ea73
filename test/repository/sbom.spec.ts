import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly scope: 'required' | 'optional';
  readonly licenses?: readonly unknown[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

interface Materials {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly metadata: { readonly timestamp?: string; readonly component: { readonly purl: string } };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const SCRIPT = resolve('scripts/make-sbom.mjs');
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const peers = Object.keys(manifest.peerDependencies);
const isOptional = (name: string): boolean => manifest.peerDependenciesMeta[name]?.optional === true;

function run(
  args: readonly string[] = [],
  { cwd = '.', epoch }: { readonly cwd?: string; readonly epoch?: string } = {},
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const env = { ...process.env };
  delete env['SOURCE_DATE_EPOCH'];
  if (epoch !== undefined) env['SOURCE_DATE_EPOCH'] = epoch;
  return spawnSync(process.execPath, [SCRIPT, ...args], { cwd, env, encoding: 'utf8', maxBuffer: 1e8 });
}

describe('The software bill of materials', () => {
  const { stdout: text } = run();
  const materials = JSON.parse(text) as Materials;
  const directory = mkdtempSync(join(tmpdir(), 'mq-sbom-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  const componentOf = (name: string): Component | undefined => {
    const version = (JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as Component)
      .version;
    return materials.components.find((component) => component.name === name && component.version === version);
  };

  it('is of this package, in CycloneDX', () => {
    expect(materials).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
    expect(materials.metadata.component.purl).toBe(`pkg:npm/${manifest.name}@${manifest.version}`);
  });

  it.each([
    ...Object.keys(manifest.dependencies).map((name) => [name, 'required'] as const),
    ...peers.map((name) => [name, isOptional(name) ? 'optional' : 'required'] as const),
  ])('names %s, as %s, with its installed version, address and licence', (name, scope) => {
    const component = componentOf(name);
    expect(component).toMatchObject({ scope, licenses: [expect.anything()] });
    expect(component?.purl).toBe(`pkg:npm/${name.replace('@', '%40')}@${component?.version}`);
  });

  it('has a licence and a checksum for everything that a production install cannot do without', () => {
    const required = materials.components.filter(({ scope }) => scope === 'required');
    expect(required.length).toBeGreaterThan(Object.keys(manifest.dependencies).length);
    for (const { licenses, hashes } of required) {
      expect(licenses).toHaveLength(1);
      expect(hashes).toEqual([{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) }]);
    }
  });

  it('follows what packages need', () => {
    const known = new Set([...materials.components, materials.metadata.component].map(({ purl }) => purl));
    expect(materials.dependencies.map(({ ref }) => ref).sort()).toEqual([...known].sort());
    for (const { dependsOn } of materials.dependencies)
      for (const ref of dependsOn) expect(known).toContain(ref);
    const bull = materials.dependencies.find(({ ref }) => ref.startsWith('pkg:npm/bull@'));
    const needed = Object.keys(
      (JSON.parse(readFileSync('node_modules/bull/package.json', 'utf8')) as Manifest).dependencies,
    );
    expect(bull?.dependsOn.map((ref) => /^pkg:npm\/(.+)@/.exec(ref)?.[1])).toEqual(needed.sort());
  });

  it('has nothing that is there for development only, and nothing of the machine that made it', () => {
    const names = materials.components.map(({ name }) => name);
    for (const name of ['eslint', 'jest', 'knip', 'bullmq', 'typescript']) {
      expect(manifest.devDependencies).toHaveProperty([name]);
      expect(names).not.toContain(name);
    }
    const ofMachine = [process.cwd(), '://', 'timestamp', 'resolved'];
    expect(ofMachine.filter((words) => text.includes(words))).toEqual([]);
  });

  it('is the same each time, in a file too, and wherever the lockfile is', () => {
    const file = join(directory, 'sbom.json');
    writeFileSync(join(directory, 'package-lock.json'), readFileSync('package-lock.json'));
    expect(run(['--out', file])).toMatchObject({ status: 0, stdout: '' });
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(run([], { cwd: directory }).stdout).toBe(text);
  });

  it('has the time that it is told, and no other', () => {
    const { stdout } = run([], { epoch: '1700000000' });
    expect((JSON.parse(stdout) as Materials).metadata.timestamp).toBe('2023-11-14T22:13:20.000Z');
    expect(run([], { epoch: 'yesterday' })).toMatchObject({ status: 1, stdout: '' });
  });

  it('is refused where the lockfile lacks what a package needs', () => {
    const packages = {
      '': { name: 'a', version: '1.0.0', dependencies: { b: '1' } },
      'node_modules/b': { version: '1.0.0', peerDependencies: { c: '1' } },
    };
    const cwd = mkdtempSync(join(directory, 'incomplete-'));
    writeFileSync(join(cwd, 'package-lock.json'), JSON.stringify({ packages }));
    const { status, stderr } = run([], { cwd });
    expect([status, stderr]).toEqual([1, expect.stringContaining('"c", which "node_modules/b" needs')]);
  });

  it('takes the version that each place of the tree gets, under the name that it has there', () => {
    const packages = {
      '': { name: 'a', version: '1.0.0', dependencies: { b: '1', c: '1' }, devDependencies: { e: '1' } },
      'node_modules/b': {
        version: '1.0.0',
        dependencies: { d: '1', g: '1' },
        license: '(MIT OR Apache-2.0)',
      },
      'node_modules/b/node_modules/d': { version: '1.0.0', license: 'SEE LICENSE IN d.txt' },
      'node_modules/b/node_modules/g': { version: '1.0.0', dependencies: { d: '1' } },
      'node_modules/c': { name: '@x/c', version: '1.0.0', optionalDependencies: { g: '1', d: '2', f: '1' } },
      'node_modules/d': { version: '2.0.0' },
      'node_modules/e': { version: '1.0.0', dev: true },
      'node_modules/g': { version: '1.0.0', dependencies: { d: '2' } },
    };
    const cwd = mkdtempSync(join(directory, 'nested-'));
    writeFileSync(join(cwd, 'package-lock.json'), JSON.stringify({ packages }));
    const { stdout } = run([], { cwd });
    const { components, dependencies } = JSON.parse(stdout) as Materials;
    expect(components).toMatchObject([
      { purl: 'pkg:npm/%40x/c@1.0.0', scope: 'required' },
      { purl: 'pkg:npm/b@1.0.0', licenses: [{ expression: '(MIT OR Apache-2.0)' }] },
      { purl: 'pkg:npm/d@1.0.0', licenses: [{ license: { name: 'SEE LICENSE IN d.txt' } }] },
      { purl: 'pkg:npm/d@2.0.0', scope: 'optional' },
      { purl: 'pkg:npm/g@1.0.0', scope: 'required' },
    ]);
    expect(dependencies).toEqual([
      { ref: 'pkg:npm/%40x/c@1.0.0', dependsOn: ['pkg:npm/d@2.0.0', 'pkg:npm/g@1.0.0'] },
      { ref: 'pkg:npm/a@1.0.0', dependsOn: ['pkg:npm/%40x/c@1.0.0', 'pkg:npm/b@1.0.0'] },
      { ref: 'pkg:npm/b@1.0.0', dependsOn: ['pkg:npm/d@1.0.0', 'pkg:npm/g@1.0.0'] },
      { ref: 'pkg:npm/d@1.0.0', dependsOn: [] },
      { ref: 'pkg:npm/d@2.0.0', dependsOn: [] },
      { ref: 'pkg:npm/g@1.0.0', dependsOn: ['pkg:npm/d@1.0.0', 'pkg:npm/d@2.0.0'] },
    ]);
    const backwards = Object.fromEntries(Object.entries(packages).reverse());
    writeFileSync(join(cwd, 'package-lock.json'), JSON.stringify({ packages: backwards }));
    expect(run([], { cwd }).stdout).toBe(stdout);
  });

  it('says how it is made', () => {
    const { status, stdout } = run(['--help']);
    expect([status, stdout]).toEqual([0, expect.stringContaining('SOURCE_DATE_EPOCH')]);
    expect(run(['--nonsense']).status).toBe(1);
  });
});
